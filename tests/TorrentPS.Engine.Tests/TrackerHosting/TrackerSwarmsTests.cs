using System.Buffers.Binary;
using System.Net;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.TrackerHosting;

/// <summary>Admission to a full tracker, and the peers in its answers; without a network.</summary>
public class TrackerSwarmsTests
{
    private const int Honest = 5;

    [Theory]
    [InlineData("203.0.113.1", 200)]
    [InlineData("203.0.113.1", 50)]
    [InlineData("2001:db8:bad::", 200)]
    [InlineData("2001:db8:bad::", 67)]
    public void Ten_thousand_announced_peers_of_one_client_hide_no_other(string attacker, int wanted)
    {
        TrackerSwarms swarms = new(new TrackerServerOptions());
        for (int i = 0; i < Honest; i++)
            Announce(swarms, 1, HonestPeer(i, attacker), isSeeder: i == 0);
        for (int i = 0; i < 10_000; i++)
            Announce(swarms, 1, Peer(IPAddress.Parse(attacker), i), isSeeder: i % 2 == 0);
        for (int i = Honest; i < 2 * Honest; i++)
            Announce(swarms, 1, HonestPeer(i, attacker));

        PeerKey[] named = Announce(swarms, 1, HonestPeer(100, attacker), wanted: wanted)!;

        Assert.Equal(wanted, named.Length);
        Assert.Equal(wanted, named.Distinct().Count());
        Assert.All(Enumerable.Range(0, 2 * Honest), i => Assert.Contains(HonestPeer(i, attacker), named));
    }

    [Fact]
    public void Among_many_addresses_one_with_thousands_of_peers_is_returned_as_often_as_each()
    {
        TrackerSwarms swarms = new(new TrackerServerOptions());
        for (int i = 0; i < 300; i++)
            Announce(swarms, 1, HonestPeer(i, "203.0.113.1"));
        for (int i = 0; i < 5_000; i++)
            Announce(swarms, 1, Peer(IPAddress.Parse("203.0.113.1"), i));

        for (int i = 0; i < 20; i++)
        {
            PeerKey[] named = Announce(swarms, 1, HonestPeer(i, "203.0.113.1"), wanted: 200)!;
            Assert.Equal(200, named.Select(peer => peer.Subscriber).Distinct().Count());
        }
    }

    [Fact]
    public void A_network_behind_one_address_is_listed_in_full()
    {
        TrackerSwarms swarms = new(new TrackerServerOptions());
        var one = IPAddress.Parse("192.0.2.1");
        for (int i = 0; i < 150; i++)
            Announce(swarms, 1, Peer(one, i));

        PeerKey[] named = Announce(swarms, 1, Peer(one, 0), wanted: 200)!;

        Assert.Equal(Enumerable.Range(1, 149).Select(i => Peer(one, i).Port), named.Select(peer => peer.Port).Order());
    }

    [Theory]
    [InlineData("203.0.113.1")]
    [InlineData("2001:db8:bad::")]
    public void Ten_thousand_invented_torrents_keep_out_no_other(string attacker)
    {
        var options = new TrackerServerOptions();
        TrackerSwarms swarms = new(options);
        var address = IPAddress.Parse(attacker);
        Announce(swarms, -1, HonestPeer(0, attacker));
        for (int i = 0; i < options.MaxTorrents + 100; i++)
            Announce(swarms, i, Peer(address, i));
        for (int i = 2; i < 50; i++)
            Assert.NotNull(Announce(swarms, -i, HonestPeer(i, attacker)));

        Assert.Null(Announce(swarms, 100_000, Peer(address, 1))); // it has the most
        Assert.Equal(options.MaxTorrents, swarms.Counts.Torrents);
        Assert.True(IsKnown(swarms, -1));
        Assert.All(Enumerable.Range(2, 48), i => Assert.True(IsKnown(swarms, -i)));
    }

    [Fact]
    public void A_torrent_is_evicted_only_if_all_its_clients_are_in_many_torrents()
    {
        TrackerSwarms swarms = new(new TrackerServerOptions { MaxTorrents = 100 });
        PeerKey[] attackers = [.. Enumerable.Range(1, 3).Select(i => Peer(new IPAddress([203, 0, 113, (byte)i]), 1))];
        for (int i = 0; i < 90; i++)
        {
            foreach (PeerKey attacker in attackers)
                Announce(swarms, i, attacker);
        }
        for (int i = 0; i < 10; i++)
        {
            Announce(swarms, 1000 + i, HonestPeer(i, "203.0.113.1"));
            foreach (PeerKey attacker in attackers)
                Announce(swarms, 1000 + i, attacker);
        }

        for (int i = 10; i < 40; i++)
            Assert.NotNull(Announce(swarms, 1000 + i, HonestPeer(i, "203.0.113.1")));

        Assert.All(Enumerable.Range(1000, 40), torrent => Assert.True(IsKnown(swarms, torrent)));
    }

    [Fact]
    public void If_each_client_has_one_torrent_the_one_silent_for_longest_is_removed()
    {
        FakeTimeProvider time = new();
        TrackerSwarms swarms = new(new TrackerServerOptions { MaxTorrents = 2, TimeProvider = time });
        for (int i = 0; i < 3; i++)
        {
            Assert.NotNull(Announce(swarms, i, HonestPeer(i, "203.0.113.1")));
            time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal([false, true, true], Enumerable.Range(0, 3).Select(i => IsKnown(swarms, i)));
    }

    [Theory]
    [InlineData(1000, 1_000_000)]
    [InlineData(10_000, 1000)]
    public void A_torrent_or_tracker_filled_by_one_client_accepts_peers_of_others(int maxPerTorrent, int max)
    {
        TrackerSwarms swarms = new(new TrackerServerOptions { MaxPeersPerTorrent = maxPerTorrent, MaxPeers = max });
        var attacker = IPAddress.Parse("203.0.113.1");
        for (int i = 0; i < 2000; i++)
            Announce(swarms, max == 1000 ? i % 10 : 0, Peer(attacker, i));
        Assert.Equal(1000, swarms.Counts.Peers);

        for (int i = 0; i < 50; i++)
            Announce(swarms, 0, HonestPeer(i, "203.0.113.1"));
        for (int i = 0; i < 2000; i++)
            Announce(swarms, 0, Peer(attacker, 5000 + i));

        Assert.Equal(1000, swarms.Counts.Peers);
        PeerKey[] named = Announce(swarms, 0, HonestPeer(0, "203.0.113.1"), wanted: 200)!;
        Assert.All(Enumerable.Range(1, 49), i => Assert.Contains(HonestPeer(i, "203.0.113.1"), named));
    }

    [Property]
    public bool The_counts_are_right_whatever_makes_way(byte[] steps)
    {
        FakeTimeProvider time = new();
        TrackerSwarms swarms = new(new TrackerServerOptions { MaxTorrents = 3, MaxPeersPerTorrent = 4, MaxPeers = 7, Interval = TimeSpan.FromSeconds(20), MinInterval = TimeSpan.Zero, TimeProvider = time });
        foreach (byte step in steps)
        {
            int torrent = step & 7, host = step >> 3 & 3;
            AnnounceEvent announceEvent = step % 11 == 0 ? AnnounceEvent.Stopped : AnnounceEvent.None;
            Announce(swarms, torrent, Peer(new IPAddress([10, 0, 0, (byte)host]), step >> 4), isSeeder: step % 3 == 0, announceEvent: announceEvent);
            time.Advance(TimeSpan.FromSeconds(1));
            if (step % 13 == 0)
                swarms.Forget();
            int known = 0, peers = 0;
            for (int i = 0; i < 8; i++)
            {
                known += swarms.TryScrape(Hash(i), out int seeders, out int leechers, out _) ? 1 : 0;
                peers += seeders + leechers;
            }
            (int Torrents, int Peers) counts = swarms.Counts;
            if (counts.Peers != peers || counts.Torrents != known || peers > 7 || known > 3)
                return false;
        }
        time.Advance(TimeSpan.FromMinutes(5));
        swarms.Forget();
        return swarms.Counts == (0, 0);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8::1", "2001:db8::ffff:1", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    public void A_subscriber_is_an_address_or_a_64_bit_network(string one, string other, bool isSame) =>
        Assert.Equal(isSame, PeerKey.Create(IPAddress.Parse(one), 1).Subscriber.Equals(PeerKey.Create(IPAddress.Parse(other), 2).Subscriber));

    private static byte[] Hash(int torrent)
    {
        byte[] hash = new byte[20];
        BinaryPrimitives.WriteInt32BigEndian(hash, torrent);
        return hash;
    }

    /// <summary>The peers of the answer; null if the announce is refused.</summary>
    private static PeerKey[]? Announce(TrackerSwarms swarms, int torrent, PeerKey peer, bool isSeeder = false, int wanted = 0, AnnounceEvent announceEvent = AnnounceEvent.None)
    {
        TrackerAnnounce announce = new() { InfoHash = Hash(torrent), PeerId = DiscoveryData.PeerId, Key = peer, Left = isSeeder ? 0 : 5, NumWant = wanted, Event = announceEvent };
        if (swarms.Announce(announce, 1000, out TrackerAnswer answer) is not null)
            return null;
        using (answer)
        {
            var keys = new PeerKey[answer.Peers.Length];
            for (int i = 0; i < keys.Length; i++)
                keys[i] = answer.Peers[i].Key;
            return keys;
        }
    }

    private static bool IsKnown(TrackerSwarms swarms, int torrent) => swarms.TryScrape(Hash(torrent), out _, out _, out _);

    /// <summary>One of many peers at an address, or at the addresses of a /64 network.</summary>
    private static PeerKey Peer(IPAddress address, int number)
    {
        byte[] bytes = address.GetAddressBytes();
        if (bytes.Length == 16)
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), 1 + number);
        return PeerKey.Create(bytes, (ushort)(1 + number % 60_000));
    }

    /// <summary>A peer at a separate address of the same family as another.</summary>
    private static PeerKey HonestPeer(int number, string like) => PeerKey.Create(
        like.Contains(':', StringComparison.Ordinal) ? IPAddress.Parse($"2001:db8:600d:{number:x}::1") : new IPAddress([198, 51, (byte)(100 + number / 256), (byte)number]), 6881);
}
