using System.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Membership;

/// <summary>The order of addresses, limits on their sources, and the choice of those that are forgotten.</summary>
public sealed class PeerBookOrderTests
{
    private readonly PeerBook _book = new();

    private static IPEndPoint At(string text) => IPEndPoint.Parse(text);

    private static IPEndPoint Number(int i) => new(new IPAddress([20, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), 6881);

    private List<string> TakeAll(double now)
    {
        List<string> taken = [];
        while (_book.Take(now) is { } candidate)
            taken.Add(candidate.EndPoint.ToString());
        return taken;
    }

    private bool HasDue(double now)
    {
        if (_book.Take(now) is not { } candidate)
            return false;
        _book.PutBack(candidate);
        return true;
    }

    [Fact]
    public void A_node_in_the_Internet_cannot_name_local_peers_or_ourselves()
    {
        PeerTeller teller = new();
        PeerExchangeMessage message = new() { Added = [.. new[] { "127.0.0.1:9", "169.254.0.1:9", "198.51.100.1:1", "198.51.100.2:1" }.Select(text => new ExchangedPeer(At(text), PeerExchangeFlags.None))] };

        Assert.Equal(1, _book.Exchange(At("192.0.2.1:1"), message, teller, endPoint => endPoint.Equals(At("198.51.100.2:1")), 0));

        Assert.Equal(At("198.51.100.1:1"), _book.Take(0)!.EndPoint);
        Assert.Null(_book.Take(0));
        Assert.Equal(2, _book.Exchange(At("127.0.0.1:1"), message, new PeerTeller(), endPoint => endPoint.Port == 1, 0)); // a peer on this machine may
    }

    [Fact]
    public void Better_sources_come_first()
    {
        PeerTeller teller = new();
        _book.AddFromPeer(At("198.51.100.1:1"), PeerExchangeFlags.None, teller, 0);
        _book.AddFromPeer(At("198.51.100.2:1"), PeerExchangeFlags.Reachable, teller, 0);
        _book.Add(At("198.51.100.3:1"), PeerSource.Dht, 0);
        _book.Add(At("198.51.100.4:1"), PeerSource.Tracker, 0);
        _book.Add(At("198.51.100.5:1"), PeerSource.LocalDiscovery, 0);
        _book.Add(At("198.51.100.6:1"), PeerSource.Manual, 0);
        Assert.Equal(["198.51.100.6:1", "198.51.100.5:1", "198.51.100.4:1", "198.51.100.3:1", "198.51.100.2:1", "198.51.100.1:1"], TakeAll(0));
    }

    [Fact]
    public void Failed_addresses_come_last_and_local_ones_before_distant_ones()
    {
        _book.Add(At("192.168.1.1:1"), PeerSource.Tracker, 0);
        PeerCandidate failed = _book.Take(0)!;
        _book.Failed(failed, 0);
        _book.Add(At("198.51.100.1:1"), PeerSource.Tracker, 0);
        _book.Add(At("192.168.1.2:1"), PeerSource.PeerExchange, 0);
        Assert.Equal(["192.168.1.2:1", "198.51.100.1:1", "192.168.1.1:1"], TakeAll(100));
    }

    [Fact]
    public void Equal_addresses_follow_canonical_priority_once_our_address_is_known()
    {
        IPEndPoint own = At("203.0.113.9:6881");
        List<string> all = [.. Enumerable.Range(1, 50).Select(i => $"198.51.{i}.1:1")];
        foreach (string text in all)
            _book.Add(At(text), PeerSource.Tracker, 0);
        Assert.Equal(all[0], _book.Take(0)!.EndPoint.ToString()); // in order of arrival
        _book.SetPriority(endPoint => CanonicalPriority.Of(own, endPoint));
        _book.Add(At("198.51.77.1:1"), PeerSource.Tracker, 0);
        List<uint> priorities = [.. TakeAll(0).Select(text => CanonicalPriority.Of(own, At(text)))];
        Assert.Equal(50, priorities.Count);
        Assert.Equal(priorities.OrderDescending(), priorities);
    }

    [Fact]
    public void A_known_address_is_merged_with_the_better_source()
    {
        PeerTeller teller = new();
        Assert.True(_book.AddFromPeer(At("198.51.100.1:1"), PeerExchangeFlags.None, teller, 0));
        Assert.Equal(1, teller.Open);
        Assert.False(_book.Add(At("198.51.100.1:1"), PeerSource.Tracker, 0));
        Assert.False(_book.AddFromPeer(At("198.51.100.1:1"), PeerExchangeFlags.Seed, new PeerTeller(), 0));
        Assert.Equal(0, teller.Open); // it no longer depends on that peer's word
        PeerCandidate candidate = _book.Take(0)!;
        Assert.Equal((PeerSource.Tracker, 1), (candidate.Source, _book.Seen));
        Assert.Null(_book.Take(0));
    }

    [Fact]
    public void A_known_peer_that_the_user_gives_is_tried_at_once_and_again_and_again()
    {
        _book.Add(At("198.51.100.1:1"), PeerSource.Tracker, 0);
        _book.Failed(_book.Take(0)!, 0);
        Assert.Null(_book.Take(1));
        _book.Add(At("198.51.100.1:1"), PeerSource.Manual, 1);
        PeerCandidate candidate = _book.Take(1)!;
        for (int i = 0; i < 20; i++)
        {
            _book.Failed(candidate, 100 * i);
            Assert.Same(candidate, _book.Take(100 * i + 99));
        }
    }

    [Fact]
    public void An_outdated_entry_does_not_shorten_a_pause()
    {
        _book.Add(At("198.51.100.1:1"), PeerSource.Tracker, 0);
        PeerCandidate candidate = _book.Take(0)!;
        _book.Failed(candidate, 0); // due at 5
        _book.Connected(candidate); // it connected to us meanwhile
        _book.PutOff(candidate, 1); // due at 301
        Assert.Null(_book.Take(10));
        Assert.Same(candidate, _book.Take(301));
    }

    [Fact]
    public void Seeds_are_not_tried_by_a_seed()
    {
        _book.AddFromPeer(At("198.51.100.1:1"), PeerExchangeFlags.Seed, new PeerTeller(), 0);
        _book.Add(At("198.51.100.2:1"), PeerSource.Tracker, 0);
        Assert.True(HasDue(0));
        _book.IsSeeding = true;
        Assert.Equal(["198.51.100.2:1"], TakeAll(0));
    }

    [Fact]
    public void An_address_that_is_put_back_is_still_the_next()
    {
        Assert.False(HasDue(0));
        _book.Add(At("198.51.100.2:1"), PeerSource.Tracker, 1);
        Assert.False(HasDue(0));
        Assert.True(HasDue(1));
        Assert.True(HasDue(1));
        Assert.Single(TakeAll(1));
    }

    [Fact]
    public void One_lying_peer_does_not_fill_the_book()
    {
        PeerTeller liar = new();
        int taken = Enumerable.Range(0, 5000).Count(i => _book.AddFromPeer(Number(i), PeerExchangeFlags.None, liar, 0));
        Assert.Equal(PeerTeller.MaxOpen, taken);
        Assert.True(_book.AddFromPeer(Number(6000), PeerExchangeFlags.None, new PeerTeller(), 0));
        // The results of connections decide whether its addresses are taken again, within limits.
        for (int round = 0; round < 100; round++)
        {
            double now = 10_000 * (round + 1);
            for (int attempt = 0; attempt < 3; attempt++)
            {
                List<PeerCandidate> candidates = [];
                while (_book.Take(now + 1000 * attempt) is { } candidate)
                    candidates.Add(candidate);
                candidates.ForEach(candidate => _book.Failed(candidate, now + 1000 * attempt));
            }

            taken += Enumerable.Range(10_000 * (round + 1), 5000).Count(i => _book.AddFromPeer(Number(i), PeerExchangeFlags.None, liar, now));
        }

        Assert.Equal(PeerTeller.MaxNamed, taken);
    }

    [Fact]
    public void Addresses_from_many_lying_peers_leave_room_for_those_from_trackers()
    {
        for (int i = 0; i < PeerBook.MaxCandidates; i++)
            _book.AddFromPeer(Number(i), PeerExchangeFlags.None, new PeerTeller(), 0);
        Assert.Equal(PeerBook.MaxFromPeers, _book.Seen);
        Assert.True(_book.Add(At("203.0.113.1:1"), PeerSource.Tracker, 0));
        Assert.False(_book.AddFromPeer(At("203.0.113.2:1"), PeerExchangeFlags.None, new PeerTeller(), 0));
    }

    [Fact]
    public void Peers_cannot_make_us_attack_one_machine_but_local_ones_may_share_an_address()
    {
        PeerTeller teller = new();
        Assert.Equal(PeerBook.MaxPortsFromPeers, Enumerable.Range(1, 50).Count(port => _book.AddFromPeer(At($"203.0.113.1:{port}"), PeerExchangeFlags.None, teller, 0)));
        Assert.Equal(50, Enumerable.Range(1, 50).Count(port => _book.AddFromPeer(At($"127.0.0.1:{port}"), PeerExchangeFlags.None, teller, 0)));
    }

    [Fact]
    public void An_address_that_a_peer_drops_is_forgotten_unless_another_source_confirms_it()
    {
        PeerTeller teller = new(), other = new();
        foreach (string text in (string[])["198.51.100.1:1", "198.51.100.2:1", "198.51.100.3:1"])
            _book.AddFromPeer(At(text), PeerExchangeFlags.None, teller, 0);
        _book.Add(At("198.51.100.2:1"), PeerSource.Tracker, 0);
        _book.DropFromPeer(At("198.51.100.1:1"), teller);
        _book.DropFromPeer(At("198.51.100.2:1"), teller);
        _book.DropFromPeer(At("198.51.100.3:1"), other);
        Assert.Equal(["198.51.100.2:1", "198.51.100.3:1"], TakeAll(0));
        Assert.Equal(1, teller.Open);
    }

    [Fact]
    public void A_full_book_forgets_addresses_that_failed()
    {
        for (int i = 0; i < PeerBook.MaxCandidates; i++)
            _book.Add(Number(i), PeerSource.Tracker, 0);
        Assert.False(_book.Add(At("203.0.113.1:1"), PeerSource.Tracker, 0));
        PeerCandidate candidate = _book.Take(0)!;
        double now = 0;
        for (int i = 0; i < 8; i++, now += 1000)
            _book.Failed(candidate, now);
        Assert.True(_book.Add(At("203.0.113.1:1"), PeerSource.Tracker, now));
        Assert.Null(_book.Find(candidate.EndPoint));
        Assert.False(_book.Add(At("203.0.113.2:1"), PeerSource.Tracker, now));
    }

    [Fact]
    public void An_abandoned_address_gets_another_chance_when_a_tracker_returns_it_later()
    {
        _book.Add(At("198.51.100.1:1"), PeerSource.Tracker, 0);
        PeerCandidate candidate = _book.Take(0)!;
        for (int i = 0; i < 8; i++)
            _book.Failed(candidate, 0);
        _book.Add(candidate.EndPoint, PeerSource.Tracker, 600);
        Assert.Null(_book.Take(1e6));
        _book.Add(candidate.EndPoint, PeerSource.Tracker, 1800);
        Assert.Same(candidate, _book.Take(1800));
        _book.Failed(candidate, 1800);
        Assert.Null(_book.Take(1e6)); // one chance
    }

    [Fact]
    public void Peers_at_one_address_share_an_account()
    {
        Assert.Same(_book.TellerAt(At("203.0.113.1:1")), _book.TellerAt(At("203.0.113.1:2")));
        Assert.NotSame(_book.TellerAt(At("203.0.113.1:1")), _book.TellerAt(At("203.0.113.2:1")));
        Assert.NotSame(_book.TellerAt(At("127.0.0.1:1")), _book.TellerAt(At("127.0.0.1:2")));
    }
}
