using System.Net;
using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Tests.Swarm.Membership;

public sealed class PeerBookTests
{
    private readonly PeerBook _book = new();

    private static IPEndPoint At(string address, int port = 6881) => new(IPAddress.Parse(address), port);

    /// <summary>The next time when the address is due, in steps of half a second; 0 if it never is.</summary>
    private double NextDue(double from)
    {
        for (double now = from; now < from + 2000; now += 0.5)
        {
            if (_book.Take(now) is not null)
                return now - from;
        }

        return 0;
    }

    [Fact]
    public void Addresses_are_tried_once_and_in_order()
    {
        Assert.True(_book.Add(At("192.0.2.1"), PeerSource.Tracker, 0));
        Assert.True(_book.Add(At("192.0.2.1", 6882), PeerSource.Tracker, 0));
        Assert.False(_book.Add(At("192.0.2.1"), PeerSource.Dht, 0));
        Assert.Equal(2, _book.Seen);
        Assert.Equal(6881, _book.Take(0)!.EndPoint.Port);
        Assert.Equal(6882, _book.Take(0)!.EndPoint.Port);
        Assert.Null(_book.Take(1e9));
    }

    [Theory]
    [InlineData("0.0.0.0", 1)]
    [InlineData("::", 1)]
    [InlineData("192.0.2.1", 0)]
    [InlineData("224.0.0.1", 1)]
    [InlineData("255.255.255.255", 1)]
    [InlineData("ff02::1", 1)]
    public void An_impossible_address_is_not_accepted(string address, int port) => Assert.False(_book.Add(At(address, port), PeerSource.Tracker, 0));

    [Fact]
    public void A_mapped_address_is_the_IPv4_address()
    {
        Assert.True(_book.Add(At("192.0.2.1"), PeerSource.Tracker, 0));
        Assert.False(_book.Add(At("::ffff:192.0.2.1"), PeerSource.Tracker, 0));
        Assert.True(_book.Add(At("::ffff:192.0.2.2"), PeerSource.Tracker, 0));
        _book.Take(0);
        Assert.Equal(At("192.0.2.2"), _book.Take(0)!.EndPoint);
    }

    [Fact]
    public void Failures_cause_longer_pauses_and_finally_an_end()
    {
        _book.Add(At("192.0.2.1"), PeerSource.Tracker, 0);
        PeerCandidate candidate = _book.Take(0)!;
        List<double> pauses = [];
        double now = 0;
        for (int i = 0; i < 8; i++)
        {
            _book.Failed(candidate, now);
            double pause = NextDue(now);
            pauses.Add(pause);
            now += pause;
        }

        Assert.Equal([5, 10, 20, 40, 80, 160, 320, 0], pauses);
    }

    [Fact]
    public void A_given_peer_is_tried_soon_and_again_and_again()
    {
        _book.Add(At("192.0.2.1"), PeerSource.Manual, 0);
        PeerCandidate candidate = _book.Take(0)!;
        double now = 0;
        List<double> pauses = [];
        for (int i = 0; i < 20; i++)
        {
            _book.Failed(candidate, now);
            double pause = NextDue(now);
            pauses.Add(pause);
            now += pause;
        }

        Assert.Equal([1, 2, 4, 8, 16, 30, 30], pauses.Take(7));
        Assert.Equal(30, pauses[^1]);
    }

    [Fact]
    public void A_lost_peer_is_tried_again_and_success_is_remembered()
    {
        _book.Add(At("192.0.2.1"), PeerSource.Tracker, 0);
        PeerCandidate candidate = _book.Take(0)!;
        _book.Lost(candidate, lasted: 1, now: 0);
        Assert.Equal(2, NextDue(0));
        _book.Lost(candidate, lasted: 1, now: 10);
        Assert.Equal(4, NextDue(10));
        _book.Lost(candidate, lasted: 600, now: 100);
        Assert.Equal(2, NextDue(100));
    }

    [Fact]
    public void A_peer_that_violated_the_protocol_is_retried_late_however_long_it_was_connected()
    {
        _book.Add(At("192.0.2.1"), PeerSource.Tracker, 0);
        PeerCandidate candidate = _book.Take(0)!;
        _book.Lost(candidate, lasted: 600, now: 0, violated: true);
        Assert.True(NextDue(0) >= 10);
    }

    [Fact]
    public void A_dropped_address_does_not_come_back()
    {
        _book.Add(At("192.0.2.1"), PeerSource.Tracker, 0);
        PeerCandidate candidate = _book.Take(0)!;
        PeerBook.Drop(candidate);
        _book.Failed(candidate, 0);
        Assert.Null(_book.Take(1e9));
        Assert.False(_book.Add(At("192.0.2.1"), PeerSource.Tracker, 0));
    }

    [Fact]
    public void A_peer_with_another_connection_is_postponed_but_not_forgotten()
    {
        _book.Add(At("192.0.2.1"), PeerSource.Tracker, 0);
        PeerCandidate candidate = _book.Take(0)!;
        _book.PutOff(candidate, 0);
        Assert.InRange(NextDue(0), 60, 600);
    }

    [Fact]
    public void A_banned_address_is_not_tried_and_three_bans_ban_the_machine()
    {
        for (int port = 1; port <= 5; port++)
            _book.Add(At("192.0.2.1", port), PeerSource.Tracker, 0);
        _book.Ban(At("192.0.2.1", 1));
        Assert.Equal(2, _book.Take(0)!.EndPoint.Port);
        _book.Ban(At("192.0.2.1", 3));
        Assert.False(_book.IsBanned(At("192.0.2.1", 99)));
        _book.Ban(At("192.0.2.1", 77)); // an incoming connection
        Assert.True(_book.IsBanned(At("192.0.2.1", 99)));
        Assert.Null(_book.Take(1e9));
        Assert.False(_book.IsBanned(At("192.0.2.2", 1)));
    }

    [Fact]
    public void Loopback_is_never_banned_as_a_whole()
    {
        for (int port = 1; port <= 10; port++)
            _book.Ban(At("127.0.0.1", port));
        Assert.False(_book.IsBanned(At("127.0.0.1", 99)));
    }

    [Fact]
    public void At_most_ten_thousand_addresses_are_kept()
    {
        for (int i = 0; i < PeerBook.MaxCandidates + 100; i++)
            Assert.Equal(i < PeerBook.MaxCandidates, _book.Add(new IPEndPoint(0x0100000A + (i << 8), 6881), PeerSource.Tracker, 0));
        Assert.Equal(PeerBook.MaxCandidates, _book.Seen);
    }
}
