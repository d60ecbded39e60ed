using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class RequestWindowTests
{
    /// <summary>A peer that sends all requested blocks within a round trip, up to a rate, for a number of seconds.</summary>
    private static void Run(RequestWindow window, double bytesPerSecond, double roundTrip, double seconds, double from = 0)
    {
        RateMeter meter = new();
        for (double now = from; now < from + seconds; now += roundTrip)
        {
            int blocks = (int)Math.Min(window.Size, bytesPerSecond * roundTrip / 16384);
            for (int i = 0; i < blocks; i++)
            {
                meter.Add(16384, now);
                window.BlockReceived(meter.PerSecond(now), now);
            }
        }
    }

    [Fact]
    public void Doubles_with_each_round_trip_at_the_start()
    {
        RequestWindow window = new();
        int first = window.Size;
        Assert.InRange(first, 8, 32);
        for (int i = 0; i < first; i++)
            window.BlockReceived(0, 0.1);
        Assert.Equal(2 * first, window.Size);
        for (int i = 0; i < 2 * first; i++)
            window.BlockReceived(0, 0.2);
        Assert.Equal(4 * first, window.Size);
    }

    [Fact]
    public void Settles_at_some_seconds_of_the_rate()
    {
        RequestWindow window = new();
        Run(window, 1e6, 0.1, 20);
        Assert.InRange(window.Size, (int)(1e6 * 2 / 16384), (int)(1e6 * 4 / 16384));
    }

    [Fact]
    public void It_is_short_if_other_peers_pass_pieces_on()
    {
        RequestWindow window = new() { IsShort = true };
        Assert.InRange(window.Size, 8, 16);
        Run(window, 1e6, 0.1, 20);
        Assert.InRange(window.Size, (int)(1e6 * 0.7 / 16384), (int)(1e6 * 1.4 / 16384));
        window.IsShort = false;
        Run(window, 1e6, 0.1, 20, from: 20);
        Assert.InRange(window.Size, (int)(1e6 * 2 / 16384), (int)(1e6 * 4 / 16384));
        window.IsShort = true;
        Assert.InRange(window.Size, 8, 16);
    }

    [Fact]
    public void Follows_a_rate_that_rises_later()
    {
        RequestWindow window = new();
        Run(window, 2e5, 0.1, 20);
        int before = window.Size;
        Run(window, 1.2e6, 0.1, 30, from: 20);
        Assert.True(window.Size > 4 * before, $"from {before} to {window.Size}");
    }

    /// <summary>The queue is short, so that requests are chosen late, and yet no link is idle.</summary>
    [Theory]
    [InlineData(1.25e6, 0.05)]
    [InlineData(1.25e6, 0.2)]
    [InlineData(6.25e6, 0.2)]
    public void It_covers_the_round_trip(double bytesPerSecond, double roundTrip)
    {
        RequestWindow window = new() { IsShort = true };
        window.SetPeerLimit(2000);
        Run(window, bytesPerSecond, roundTrip, 10);
        Assert.True(window.Size * 16384 >= 1.5 * bytesPerSecond * roundTrip, $"{window.Size} blocks");
        window.Resume();
        Assert.True(window.Size * 16384 >= 1.5 * bytesPerSecond * roundTrip, $"{window.Size} blocks");
    }

    [Fact]
    public void A_new_turn_starts_with_at_least_the_window_of_a_new_peer()
    {
        RequestWindow window = new() { IsShort = true };
        int first = window.Size;
        Run(window, 200_000, 0.1, 20);
        Assert.True(window.Size < first);
        window.Resume();
        Assert.Equal(first, window.Size);
    }

    [Fact]
    public void Never_requests_more_than_the_peer_queues()
    {
        RequestWindow window = new();
        window.SetPeerLimit(40);
        Run(window, 1e9, 0.01, 5);
        Assert.Equal(40, window.Size);
        window.SetPeerLimit(5);
        Assert.Equal(5, window.Size);
        window.Restart();
        Assert.Equal(5, window.Size);
        window.SetPeerLimit(1);
        Run(window, 1e9, 0.01, 5, from: 10);
        Assert.Equal(1, window.Size);
    }

    [Fact]
    public void A_peer_that_declares_no_queue_length_gets_the_common_one()
    {
        RequestWindow window = new();
        Run(window, 1e9, 0.01, 5);
        Assert.Equal(RequestWindow.UnknownLimit, window.Size);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void A_nonsensical_limit_is_ignored(long limit)
    {
        RequestWindow window = new();
        int before = window.Size;
        window.SetPeerLimit(limit);
        Assert.Equal(before, window.Size);
        Run(window, 1e9, 0.01, 5);
        Assert.Equal(RequestWindow.UnknownLimit, window.Size);
    }

    [Fact]
    public void At_least_500_are_allowed_but_not_any_number()
    {
        RequestWindow window = new();
        window.SetPeerLimit(long.MaxValue);
        Run(window, 1e9, 0.01, 5);
        Assert.InRange(window.Size, 500, 5000);
    }

    [Fact]
    public void A_slow_peer_keeps_two_requests()
    {
        RequestWindow window = new();
        for (int i = 0; i < 60; i++)
            window.BlockReceived(100, i);
        Assert.Equal(2, window.Size);
    }

    [Fact]
    public void A_snubbed_peer_gets_one_request_and_starts_over_when_it_sends()
    {
        RequestWindow window = new();
        int first = window.Size;
        Run(window, 1e6, 0.1, 20);
        window.Snub();
        Assert.Equal(1, window.Size);
        window.Restart();
        Assert.Equal(first, window.Size);
        window.BlockReceived(0, 100);
        Assert.Equal(first + 1, window.Size);
    }
}
