using System.Net;
using System.Text;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Membership;

/// <summary>The peers that get and keep places, in every phase of a torrent.</summary>
public sealed class RosterTests
{
    private static readonly Sample s_sample = Sample.Build(32768, 31, null, ("data", 20 * 32768));

    /// <summary>Announces metadata of one piece.</summary>
    private static readonly byte[] s_claim = MetadataGiver.Message(MessageId.Extended, [0, .. "d1:md11:ut_metadatai3ee13:metadata_sizei1000ee"u8]);

    public static TheoryData<SwarmPhase> Phases => [.. Enum.GetValues<SwarmPhase>()];

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task Ten_thousand_connections_of_one_address_get_four_places(SwarmPhase phase)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        List<MemoryPeerStream> peers = [.. Enumerable.Range(0, 10_000).Select(i => swarm.Come(PhasedSwarm.Address(1), PhasedSwarm.Id(i)).Peer)];
        PhasedSwarm.Until(() => peers.Count(peer => peer.Waiting >= Handshake.Length) == 4 && peers.Count(peer => peer.IsOver) == 9996);
        Assert.Equal(4, swarm.Logged("connected:"));
        Assert.False(IsRefused(swarm.Come(PhasedSwarm.Address(2), PhasedSwarm.Id(10_001)).Peer)); // other peers are not kept out by it
    }

    /// <summary>In the local network, where many peers may share an address.</summary>
    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_hundred_connections_of_one_peer_at_one_address_become_one(SwarmPhase phase)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        List<MemoryPeerStream> peers = [.. Enumerable.Range(0, 100).Select(_ => swarm.Come(IPAddress.Parse("192.168.1.7"), PhasedSwarm.Id(7)).Peer)];
        PhasedSwarm.Until(() => peers.Count(peer => peer.IsOver) == 99);
        Assert.Equal(1, swarm.Logged("connected:"));
    }

    public static TheoryData<SwarmPhase, bool, bool, bool> Thefts()
    {
        TheoryData<SwarmPhase, bool, bool, bool> data = [];
        foreach (SwarmPhase phase in Enum.GetValues<SwarmPhase>())
        {
            for (int i = 0; i < 8; i++)
                data.Add(phase, (i & 1) != 0, (i & 2) != 0, (i & 4) != 0);
        }

        return data;
    }

    /// <summary>Peer ids are public: a peer under another's id does not keep it out, before or after it, in either direction of connection.</summary>
    [Theory]
    [MemberData(nameof(Thefts))]
    public async Task A_connection_under_another_peers_id_does_not_keep_out_that_peer(SwarmPhase phase, bool isFirst, bool isThiefDialled, bool isOwnerDialled)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        MemoryPeerStream? owner = isFirst ? null : Meet(swarm, 1, isOwnerDialled);
        MemoryPeerStream thief = Meet(swarm, 2, isThiefDialled);
        owner ??= Meet(swarm, 1, isOwnerDialled);
        PhasedSwarm.Until(() => swarm.Logged("connected:") == 2 || owner.IsOver);
        Assert.False(owner.IsOver);
        Assert.False(thief.IsOver); // it is impossible to know which of the two is the owner
    }

    private static MemoryPeerStream Meet(PhasedSwarm swarm, int address, bool isDialled)
    {
        MemoryPeerStream peer = isDialled ? swarm.BeDialled(PhasedSwarm.Address(address), PhasedSwarm.Id(7)) : swarm.Come(PhasedSwarm.Address(address), PhasedSwarm.Id(7)).Peer;
        IsRefused(peer);
        return peer;
    }

    /// <summary>A peer may be known by several addresses of one machine: one connection is enough.</summary>
    [Theory]
    [MemberData(nameof(Phases))]
    public async Task One_peer_at_several_addresses_of_this_machine_is_one(SwarmPhase phase)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        Assert.False(IsRefused(swarm.Come(IPAddress.Loopback, PhasedSwarm.Id(7)).Peer));
        Assert.True(IsRefused(swarm.Come(IPAddress.IPv6Loopback, PhasedSwarm.Id(7)).Peer));
    }

    public static TheoryData<SwarmPhase, string> Crowds()
    {
        TheoryData<SwarmPhase, string> data = [];
        foreach (SwarmPhase phase in Enum.GetValues<SwarmPhase>())
        {
            data.Add(phase, "198.51.100.{0}0");
            data.Add(phase, "2001:db8:1:2::{0}");
        }

        return data;
    }

    /// <summary>Sixty peers that claim to have the metadata would take all places and keep them by sending nothing.</summary>
    [Theory]
    [MemberData(nameof(Crowds))]
    public async Task Sixty_connections_of_one_subscriber_leave_places_for_others(SwarmPhase phase, string address)
    {
        await using PhasedSwarm swarm = new(phase, s_sample, maxPeers: 60);
        List<MemoryPeerStream> crowd = [];
        for (int i = 0; i < 60; i++)
        {
            if (i == IncomingGate.MaxPerAddress)
                swarm.Time.Advance(IncomingGate.Window);
            MemoryPeerStream peer = swarm.Come(At(address, i), PhasedSwarm.Id(i)).Peer;
            crowd.Add(peer);
            if (!IsRefused(peer))
                peer.Send(s_claim);
        }

        Assert.Equal(4, crowd.Count(peer => !peer.IsOver));
        Assert.False(IsRefused(swarm.Come(PhasedSwarm.Address(1), PhasedSwarm.Id(100)).Peer));
    }

    /// <summary>An IPv6 subscriber has many addresses; an IPv4 subscriber has one.</summary>
    private static IPAddress At(string address, int number) => IPAddress.Parse(string.Format(System.Globalization.CultureInfo.InvariantCulture, address, address.Contains(':', StringComparison.Ordinal) ? number + 1 : 1));

    /// <summary>Attempts take places, too: a machine that accepts connections and sends nothing keeps each for twenty seconds.</summary>
    [Theory]
    [MemberData(nameof(Crowds))]
    public async Task A_hundred_ports_of_one_subscriber_have_four_attempts_at_once(SwarmPhase phase, string address)
    {
        await using PhasedSwarm swarm = new(phase, s_sample, maxPeers: 60);
        swarm.Name(Enumerable.Range(0, 100).Select(i => new IPEndPoint(At(address, i), 1000 + i)));
        MemoryPeerStream other = swarm.BeDialled(PhasedSwarm.Address(1), PhasedSwarm.Id(1));
        Assert.False(IsRefused(other));
        Assert.Equal(4, swarm.Dialled.Count(endPoint => endPoint.Port < 1100));
        swarm.Time.Advance(TimeSpan.FromSeconds(8)); // the time limit of an attempt
        PhasedSwarm.Until(() => swarm.Logged(": TimedOut") == 4);
        for (int i = 0; i < 13; i++)
            swarm.Time.Advance(TimeSpan.FromSeconds(1));
        PhasedSwarm.Until(() => swarm.Dialled.Count(endPoint => endPoint.Port < 1100) >= 8); // the next ones are dialled
    }

    /// <summary>Peers that claim to have the metadata and do not send it keep out no other peer.</summary>
    [Fact]
    public async Task When_all_places_are_taken_by_peers_that_withhold_metadata_one_makes_way()
    {
        await using PhasedSwarm swarm = new(SwarmPhase.Resolving, s_sample, maxPeers: 8);
        List<MemoryPeerStream> holders = [];
        for (int i = 0; i < 8; i++)
        {
            MemoryPeerStream peer = swarm.Come(PhasedSwarm.Address(i), PhasedSwarm.Id(i)).Peer;
            Assert.False(IsRefused(peer));
            peer.Send(s_claim);
            holders.Add(peer);
        }

        Assert.True(IsRefused(swarm.Come(PhasedSwarm.Address(20), PhasedSwarm.Id(20)).Peer));
        for (int i = 0; i < 120; i++)
            swarm.Time.Advance(TimeSpan.FromMilliseconds(200)); // it gets a request, and sends nothing for twenty seconds
        PhasedSwarm.Until(() => !IsRefused(swarm.Come(PhasedSwarm.Address(21), PhasedSwarm.Id(21)).Peer));
        PhasedSwarm.Until(() => holders.Count(peer => peer.IsOver) == 1);
    }

    [Theory]
    [InlineData("198.51.100.{0}0")]
    [InlineData("2001:db8:1:2::{0}")]
    public async Task Three_senders_of_wrong_metadata_have_their_address_banned(string address)
    {
        await using PhasedSwarm swarm = new(SwarmPhase.Resolving, s_sample);
        for (int i = 0; i < 3; i++)
            Lie(swarm, At(address, i), PhasedSwarm.Id(i));
        Assert.True(IsRefused(swarm.Come(At(address, 9), PhasedSwarm.Id(9)).Peer));
        Assert.False(IsRefused(swarm.Come(PhasedSwarm.Address(1), PhasedSwarm.Id(9)).Peer));
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task Our_own_peer_id_is_refused(SwarmPhase phase)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        MemoryPeerStream honest = swarm.Come(PhasedSwarm.Address(1), PhasedSwarm.Id(1)).Peer;
        PhasedSwarm.Until(() => honest.Waiting >= Handshake.Length);
        string own = Encoding.ASCII.GetString(Handshake.Read(honest.TakeArrived().AsSpan(0, Handshake.Length))!.PeerId);
        MemoryPeerStream self = swarm.Come(PhasedSwarm.Address(2), own).Peer;
        PhasedSwarm.Until(() => self.IsOver);
        Assert.Equal(1, swarm.Logged("connected:"));
    }

    /// <summary>Trackers and the DHT return our own address, too, which is no peer.</summary>
    [Fact]
    public async Task Our_own_address_does_not_count_as_a_peer()
    {
        await using PhasedSwarm swarm = new(SwarmPhase.Downloading, s_sample);
        (MemoryPeerStream ours, MemoryPeerStream self) = MemoryPeerStream.Create(address: PhasedSwarm.Address(1));
        swarm.Listen(ours.RemoteEndPoint, () => ours);
        swarm.Name(ours.RemoteEndPoint);
        PhasedSwarm.Until(() => self.Waiting >= Handshake.Length);
        self.Send(self.TakeArrived());
        PhasedSwarm.Until(() => swarm.Logged("SelfConnection") == 1);
        swarm.Come(PhasedSwarm.Address(2), PhasedSwarm.Id(2));
        PhasedSwarm.Until(() => swarm.Logged("connected:") == 1);
        Assert.Equal(1, (await swarm.StopAsync()).PeersSeen);
    }

    /// <summary>
    /// A liar is identified by its address and id together: otherwise it could have another peer banned by using its id. <see cref="IncomingPeersTests"/> shows the same
    /// in a download.
    /// </summary>
    [Fact]
    public async Task Wrong_metadata_under_another_peers_id_does_not_ban_that_peer()
    {
        await using PhasedSwarm swarm = new(SwarmPhase.Resolving, s_sample);
        Lie(swarm, PhasedSwarm.Address(1), PhasedSwarm.Id(1));
        Assert.Equal(1, swarm.Logged("is banned: it sent wrong metadata"));
        Assert.True(IsRefused(swarm.Come(PhasedSwarm.Address(1), PhasedSwarm.Id(1)).Peer));
        Assert.False(IsRefused(swarm.Come(PhasedSwarm.Address(2), PhasedSwarm.Id(1)).Peer));
    }

    private static void Lie(PhasedSwarm swarm, IPAddress from, string id)
    {
        MemoryPeerStream liar = swarm.Come(from, id).Peer;
        liar.Send(MetadataGiver.Message(MessageId.Extended, [0, .. "d1:md11:ut_metadatai3ee13:metadata_sizei10ee"u8]));
        StringBuilder heard = new();
        PhasedSwarm.Until(() => heard.Append(Encoding.Latin1.GetString(liar.TakeArrived())).ToString().Contains("8:msg_typei0e", StringComparison.Ordinal));
        liar.Send(MetadataGiver.Message(MessageId.Extended, [MetadataMessage.OwnId, .. new MetadataMessage(MetadataMessageType.Data, 0, 10).ToBytes(), .. new byte[10]]));
        PhasedSwarm.Until(() => liar.IsOver);
    }

    /// <summary>Whether a peer is refused: an accepted connection receives more than the handshake.</summary>
    private static bool IsRefused(MemoryPeerStream peer)
    {
        PhasedSwarm.Until(() => peer.IsOver || peer.Waiting > Handshake.Length);
        return peer.IsOver;
    }
}
