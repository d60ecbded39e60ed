using System.Net;
using System.Net.Sockets;
using FsCheck.Xunit;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.TrackerHosting;

public class TrackedSwarmTests
{
    private const int Forever = int.MinValue;
    private const int Addresses = 3;

    private readonly TrackedSwarm _swarm = Swarm();
    private readonly PeerChoice _choice = new();

    [Property]
    public bool It_knows_who_announced_last_and_as_what(byte[] steps)
    {
        var loads = new TrackerLoads();
        var swarm = new TrackedSwarm(SwarmKey.Create(DiscoveryData.Hash.Wire), loads);
        var model = new Dictionary<int, (bool IsSeeder, int Seen)>();
        for (int now = 0; now < steps.Length; now++)
        {
            int port = 1 + (steps[now] & 7);
            bool isSeeder = (steps[now] & 8) != 0;
            int what = steps[now] >> 4;
            if (what < 10)
            {
                swarm.Update(Announce(port, isSeeder ? 0 : 5), now, mayAdd: true);
                model[port] = (isSeeder, now);
            }
            else if (what < 13)
            {
                swarm.Update(Announce(port, 5, AnnounceEvent.Stopped), now, mayAdd: true);
                model.Remove(port);
            }
            else if (what < 15)
            {
                swarm.Forget(now - 10);
                model = model.Where(peer => peer.Value.Seen >= now - 10).ToDictionary();
            }
            else
            {
                // A peer that left is absent after a whole round.
                swarm.ForgetSome(now - 10, 64);
                model = model.Where(peer => peer.Value.Seen >= now - 10).ToDictionary();
            }
            if ((swarm.Count, swarm.Seeders) != (model.Count, model.Values.Count(peer => peer.IsSeeder))
                || !Ports(swarm, 100).SequenceEqual(model.Keys.Order())
                || !Ports(swarm, 100, isSeeder: true).SequenceEqual(model.Where(peer => !peer.Value.IsSeeder).Select(peer => peer.Key).Order())
                || !Enumerable.Range(0, Addresses).All(address => loads.Of(Address(address).Subscriber).Equals(Load(model, address))))
                return false;
        }
        return true;
    }

    private static TrackerLoads.Load Load(Dictionary<int, (bool IsSeeder, int Seen)> model, int address)
    {
        (bool IsSeeder, int Seen)[] peers = [.. model.Where(peer => peer.Key % Addresses == address).Select(peer => peer.Value)];
        return new TrackerLoads.Load { Peers = peers.Length, Places = peers.Select(peer => peer.IsSeeder).Distinct().Count() };
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(7, false)]
    [InlineData(20, false)]
    [InlineData(29, false)]
    [InlineData(1, true)]
    [InlineData(7, true)]
    [InlineData(20, true)]
    [InlineData(29, true)]
    public void Each_peer_is_chosen_with_the_same_probability(int count, bool hasOwnAddress)
    {
        int self = -1;
        for (int port = 1; port <= 31; port++)
        {
            TrackerAnnounce announce = Announce(port, left: port % 2);
            self = _swarm.Update(announce with { Key = PeerKey.Create(new IPAddress([10, 0, 0, (byte)(hasOwnAddress ? port : 1)]), announce.Key.Port) }, 0, mayAdd: true);
        }
        int[] times = new int[32];
        const int Rounds = 6000;
        TrackedPeer[] chosen = new TrackedPeer[count];
        for (int round = 0; round < Rounds; round++)
        {
            Assert.Equal(count, _choice.Choose(_swarm, chosen, self, isSeeder: false, AddressFamily.Unspecified, Forever));
            Assert.Equal(count, chosen.Select(peer => peer.Key.Port).Distinct().Count());
            foreach (TrackedPeer peer in chosen)
                times[peer.Key.Port]++;
        }
        Assert.Equal(0, times[31]);
        double expected = Rounds * count / 30.0;
        // Ten standard deviations: fails by chance less than once in 10^20 runs.
        Assert.All(times[1..31], number => Assert.InRange(number, expected - 10 * Math.Sqrt(expected), expected + 10 * Math.Sqrt(expected)));
    }

    [Fact]
    public void A_requested_family_is_found_among_many_peers_of_the_other()
    {
        for (int port = 1; port <= 200; port++)
            _swarm.Update(Announce(port, 1), 0, mayAdd: true);
        var v6 = PeerKey.Create(IPAddress.Parse("2001:db8::1"), 1);
        _swarm.Update(Announce(1, 1) with { Key = v6 }, 0, mayAdd: true);
        TrackedPeer[] chosen = new TrackedPeer[10];
        Assert.Equal(1, _choice.Choose(_swarm, chosen, -1, false, AddressFamily.InterNetworkV6, Forever));
        Assert.Equal("[2001:db8::1]:1", chosen[0].Key.EndPoint.ToString());
        Assert.Equal(10, _choice.Choose(_swarm, chosen, -1, false, AddressFamily.InterNetwork, Forever));
        Assert.All(chosen, peer => Assert.True(peer.Key.IsIPv4));
    }

    [Fact]
    public void A_peer_that_is_silent_for_too_long_is_not_chosen_even_before_it_is_removed()
    {
        _swarm.Update(Announce(1, 1), 10, mayAdd: true);
        _swarm.Update(Announce(2, 1), 20, mayAdd: true);
        TrackedPeer[] chosen = new TrackedPeer[10];
        Assert.Equal(1, _choice.Choose(_swarm, chosen, -1, false, AddressFamily.Unspecified, 11));
        Assert.Equal(2, chosen[0].Key.Port);
    }

    [Fact]
    public void A_few_peers_are_examined_each_time_and_all_in_turn()
    {
        for (int port = 1; port <= 100; port++)
            _swarm.Update(Announce(port, 1), port, mayAdd: true);
        Assert.InRange(_swarm.ForgetSome(51, 10), 1, 10);
        for (int i = 0; i < 20; i++)
            _swarm.ForgetSome(51, 10);
        Assert.Equal(Enumerable.Range(51, 50), Ports(_swarm, 100));
    }

    [Fact]
    public void A_full_torrent_accepts_no_new_peers_but_updates_existing_ones()
    {
        Assert.Equal(0, _swarm.Update(Announce(1, 1), 0, mayAdd: true));
        Assert.Equal(-1, _swarm.Update(Announce(2, 1), 0, mayAdd: false));
        Assert.Equal(0, _swarm.Update(Announce(1, 0), 5, mayAdd: false));
        Assert.Equal((1, 1), (_swarm.Count, _swarm.Seeders));
        Assert.Equal(0, _swarm.Forget(5));
    }

    [Theory]
    [InlineData("192.0.2.7", 80, "c00002070050")]
    [InlineData("::ffff:192.0.2.7", 80, "c00002070050")]
    [InlineData("2001:db8::7", 6881, "20010db80000000000000000000000071ae1")]
    [InlineData("::1", 1, "000000000000000000000000000000010001")]
    public void Addresses_are_written_in_compact_form(string address, ushort port, string expected)
    {
        var key = PeerKey.Create(IPAddress.Parse(address), port);
        byte[] bytes = new byte[18];
        Assert.Equal(expected, Convert.ToHexStringLower(bytes.AsSpan(0, key.WriteCompact(bytes))));
        Assert.Equal(key, PeerKey.Create(key.EndPoint.Address, port));
        Assert.Equal(port, key.EndPoint.Port);
    }

    private static IEnumerable<int> Ports(TrackedSwarm swarm, int count, bool isSeeder = false)
    {
        var chosen = new TrackedPeer[count];
        int length = new PeerChoice().Choose(swarm, chosen, -1, isSeeder, AddressFamily.Unspecified, Forever);
        return chosen.Take(length).Select(peer => (int)peer.Key.Port).Order();
    }

    private static TrackedSwarm Swarm() => new(SwarmKey.Create(DiscoveryData.Hash.Wire), new TrackerLoads());

    private static PeerKey Address(int number) => PeerKey.Create(new IPAddress([10, 0, 0, (byte)number]), 0);

    private static TrackerAnnounce Announce(int port, long left, AnnounceEvent announceEvent = AnnounceEvent.None) => new()
    {
        InfoHash = DiscoveryData.Hash.Wire,
        PeerId = DiscoveryData.PeerId,
        Key = Address(port % Addresses).WithPort((ushort)port),
        Left = left,
        Event = announceEvent,
    };
}
