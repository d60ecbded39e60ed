using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Rate limits shared by several torrents.</summary>
public sealed class SharedRateTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TestLoop _loop = new();

    public void Dispose() => _loop.Dispose();

    private void Pass(double seconds)
    {
        for (double passed = 0; passed < seconds; passed += 0.01)
        {
            _time.Advance(TimeSpan.FromSeconds(0.01));
            _loop.Run();
        }
    }

    /// <summary>A torrent whose peers transfer without end, and the total of their bytes.</summary>
    private sealed class Torrent(RateLimiter limiter)
    {
        public long Passed { get; private set; }

        public bool IsStopped { get; set; }

        public void Start(int peers, int wanted)
        {
            for (int i = 0; i < peers; i++)
                _ = ConsumeAsync(wanted);
        }

        private async Task ConsumeAsync(int wanted)
        {
            while (!IsStopped)
            {
                int taken = await limiter.TakeAsync(wanted);
                int unused = taken / 4;
                Passed += taken - unused;
                limiter.GiveBack(unused);
            }
        }
    }

    private Torrent Start(RateLimit limit, int peers, int wanted = 16384, long own = 0)
    {
        Torrent torrent = new(new RateLimiter(own, _time, limit));
        _loop.Run(() => torrent.Start(peers, wanted));
        return torrent;
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    [InlineData(50_000_000)]
    public void The_rate_of_all_torrents_is_within_a_twentieth_over_ten_seconds(long perSecond)
    {
        RateLimit limit = new(perSecond, _time);
        Torrent[] torrents = [Start(limit, 1), Start(limit, 5), Start(limit, 3, 300_000)];
        Pass(10);
        Assert.InRange(torrents.Sum(torrent => torrent.Passed), 9.5 * perSecond, 10.5 * perSecond);
    }

    [Fact]
    public void Torrents_get_equal_shares_whatever_the_number_of_their_peers()
    {
        RateLimit limit = new(1_000_000, _time);
        Torrent[] torrents = [Start(limit, 1), Start(limit, 30), Start(limit, 4, 300_000)];
        Pass(20);
        Assert.All(torrents, torrent => Assert.InRange(torrent.Passed, 0.85 * 20_000_000 / 3, 1.15 * 20_000_000 / 3));
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(2_000_000)]
    [InlineData(20_000_000)]
    public void Two_torrents_with_full_demand_get_half_each_within_a_twentieth_over_ten_seconds(long perSecond)
    {
        RateLimit limit = new(perSecond, _time);
        Torrent few = Start(limit, 1, 262_144);
        Torrent many = Start(limit, 40, 65536);
        Pass(10);
        Assert.InRange(few.Passed, 0.95 * 5 * perSecond, 1.05 * 5 * perSecond);
        Assert.InRange(many.Passed, 0.95 * 5 * perSecond, 1.05 * 5 * perSecond);
    }

    [Fact]
    public void An_own_limit_below_the_shared_one_is_kept_within_a_twentieth_over_ten_seconds()
    {
        RateLimit limit = new(1_000_000, _time);
        Torrent[] torrents = [Start(limit, 3, own: 200_000), Start(limit, 3, own: 300_000), Start(limit, 3)];
        Pass(10);
        Assert.InRange(torrents[0].Passed, 1_900_000, 2_100_000);
        Assert.InRange(torrents[1].Passed, 2_850_000, 3_150_000);
        Assert.InRange(torrents.Sum(torrent => torrent.Passed), 9_500_000, 10_500_000);
    }

    [Fact]
    public void Unused_shares_go_to_the_others()
    {
        RateLimit limit = new(1_000_000, _time);
        Torrent slow = Start(limit, 3, own: 100_000);
        Torrent fast = Start(limit, 3);
        Pass(10);
        Assert.InRange(slow.Passed, 900_000, 1_100_000);
        Assert.InRange(slow.Passed + fast.Passed, 9_500_000, 10_500_000);
    }

    [Fact]
    public void A_returning_torrent_does_not_catch_up_at_the_cost_of_others()
    {
        RateLimit limit = new(1_000_000, _time);
        Torrent first = Start(limit, 3);
        Pass(20);
        Torrent late = Start(limit, 3);
        long before = first.Passed;
        Pass(4);
        Assert.InRange(late.Passed, 1_500_000, 2_500_000);
        Assert.InRange(first.Passed - before, 1_500_000, 2_500_000);
    }

    [Fact]
    public void The_limit_can_be_changed_and_removed()
    {
        RateLimit limit = new(100, _time);
        Torrent torrent = Start(limit, 4);
        Pass(5);
        long before = torrent.Passed;
        Assert.InRange(before, 1, 2000);
        limit.BytesPerSecond = 1_000_000;
        Pass(10);
        Assert.InRange(torrent.Passed - before, 9_000_000, 10_500_000);
        torrent.IsStopped = true;
        limit.BytesPerSecond = 0;
        Pass(2);
        RateLimiter limiter = new(0, _time, limit);
        Assert.False(limiter.IsLimited);
        limit.BytesPerSecond = 5;
        Assert.True(limiter.IsLimited);
        Assert.Throws<ArgumentOutOfRangeException>(() => limit.BytesPerSecond = -1);
    }
}
