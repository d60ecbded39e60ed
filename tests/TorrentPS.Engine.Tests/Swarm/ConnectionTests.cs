using System.Buffers.Binary;
using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Tests that hold for every connection: while a magnet link is resolved, in a download and at a seed.</summary>
public sealed class ConnectionTests
{
    private const int PieceLength = 32768;

    private static readonly Sample s_sample = Sample.BuildV2(TorrentVersion.Hybrid, PieceLength, 7, ("data", 20 * PieceLength));

    /// <summary>Violations of the protocol, and a part of the log line of each.</summary>
    private static readonly Dictionary<string, (byte[] Bytes, string Logged)> s_violations = new()
    {
        ["a message that is too long"] = ([0x7F, 0xFF, 0xFF, 0xFF], "a message of 2147483647 bytes"),
        ["the beginning of a long 'have'"] = (Message(MessageId.Have, new byte[1000])[..100], "a message Have of a wrong length: 1000 bytes"),
        ["the beginning of a bitfield longer than any torrent's"] = (Message(MessageId.Bitfield, new byte[262_145])[..100], "a bitfield of 262145 bytes that does not fit the torrent"),
        ["an extension message without an id"] = (Message(MessageId.Extended), "a message Extended of a wrong length"),
        ["an invalid extension handshake"] = (Extended(0, "le"u8), "an extension handshake that cannot be read"),
        ["an extension handshake that is too long"] = (Extended(0, [.. Encoding.ASCII.GetBytes($"d1:v{ExtensionHandshake.MaxLength}:"), .. new byte[ExtensionHandshake.MaxLength], (byte)'e']), "a message Extended of a wrong length"),
        ["an invalid metadata message"] = (Extended(MetadataMessage.OwnId, "le"u8), "an extension message that cannot be read"),
        ["an invalid peer exchange message"] = (Extended(PeerExchangeMessage.OwnId, "le"u8), "an extension message that cannot be read"),
        ["metadata requested again and again"] = (Repeated(1100, Extended(MetadataMessage.OwnId, new MetadataMessage(MetadataMessageType.Request, 99).ToBytes())), "a flood of requests for metadata: 1001"),
        ["peer exchange again and again"] = (Repeated(30, Extended(PeerExchangeMessage.OwnId, new PeerExchangeMessage { Added = [], Dropped = [] }.ToBytes())), "a flood of peer exchange messages: 21"),
        ["keep-alives again and again"] = (new byte[20_000], "a flood of messages that move no data, the last a keep-alive"),
        ["extension handshakes again and again"] = (Repeated(100, Extended(0, "de"u8)), "a flood of messages that move no data, the last for 49 points"),
        ["a withdrawal of half a piece index"] = (Extended(DontHaveNotice.Id, [0, 0]), "an extension message that cannot be read"),
        ["a notice of uploads without a value"] = (Extended(UploadOnlyNotice.Id, []), "an extension message that cannot be read"),
        ["invalid holepunch messages again and again"] = (Repeated(101, Extended(HolepunchMessage.OwnId, [])), "a flood of holepunch messages: 101"),
    };

    /// <summary>A violation of each extension, and the first phase that supports it; an earlier one ignores its id.</summary>
    private static readonly Dictionary<Type, (string Violation, SwarmPhase Since)> s_extensions = new()
    {
        [typeof(MetadataLink)] = ("an invalid metadata message", SwarmPhase.Resolving),
        [typeof(PeerExchangeLink)] = ("an invalid peer exchange message", SwarmPhase.Resolving),
        [typeof(DontHaveNotice)] = ("a withdrawal of half a piece index", SwarmPhase.Downloading),
        [typeof(UploadOnlyNotice)] = ("a notice of uploads without a value", SwarmPhase.Downloading),
        [typeof(HolepunchLink)] = ("invalid holepunch messages again and again", SwarmPhase.Downloading),
    };

    public static TheoryData<SwarmPhase> Phases => [.. Enum.GetValues<SwarmPhase>()];

    public static TheoryData<SwarmPhase, string> Violations()
    {
        TheoryData<SwarmPhase, string> data = [];
        foreach (SwarmPhase phase in Enum.GetValues<SwarmPhase>())
        {
            foreach (string what in s_violations.Keys.Except(s_extensions.Values.Where(extension => extension.Since > phase).Select(extension => extension.Violation)))
                data.Add(phase, what);
        }

        return data;
    }

    public static TheoryData<SwarmPhase, byte> Lengths()
    {
        TheoryData<SwarmPhase, byte> data = [];
        foreach (SwarmPhase phase in Enum.GetValues<SwarmPhase>())
        {
            foreach (MessageId id in (MessageId[])[(MessageId)99, MessageId.Extended, MessageId.Piece, MessageId.Bitfield, MessageId.Have, MessageId.Hashes])
                data.Add(phase, (byte)id);
        }

        return data;
    }

    [Fact]
    public void Each_extension_has_a_violation()
    {
        Type[] extensions = [.. typeof(IPeerExtension).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IPeerExtension)))];
        Assert.Equal(extensions.Select(type => type.Name).Order(StringComparer.Ordinal), s_extensions.Keys.Select(type => type.Name).Order(StringComparer.Ordinal));
        Assert.All(s_extensions.Values, extension => Assert.Contains(extension.Violation, s_violations.Keys));
    }

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task A_violation_of_the_protocol_ends_its_connection_and_no_other(SwarmPhase phase, string what)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        MemoryPeerStream honest = Meet(swarm, 1).Peer, hostile = Meet(swarm, 2).Peer;
        hostile.Send(s_violations[what].Bytes);
        PhasedSwarm.Until(() => hostile.IsOver);
        Assert.Equal(1, swarm.Logged("broke the protocol: " + s_violations[what].Logged));
        Assert.Equal(1, swarm.Logged("broke the protocol"));
        Assert.Equal(0, swarm.Logged("by a fault of this program"));
        Assert.False(honest.IsOver || swarm.Run.IsCompleted, swarm.AllLogged());
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task An_announced_length_alone_allocates_no_memory(SwarmPhase phase, byte id)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        (MemoryPeerStream peer, MemoryPeerStream ours) = Meet(swarm, 1);
        byte[] header = Message((MessageId)id, 0);
        BinaryPrimitives.WriteInt32BigEndian(header, PeerMessage.MaxLength);
        peer.Send(header.AsSpan(0, 4));
        peer.Send(header.AsSpan(4));
        for (int i = 0; i < 100; i++)
            peer.Send(new byte[100]);
        PhasedSwarm.Until(() => ours.Waiting == 0 || peer.IsOver);
        Assert.InRange(ours.LargestBuffer, 1, 16 * 1024);
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_silent_peer_gets_a_keep_alive_and_is_closed(SwarmPhase phase)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        MemoryPeerStream peer = Meet(swarm, 1).Peer;
        peer.TakeArrived();
        await swarm.PassAsync(110, () => peer.Waiting > 0);
        Assert.Equal([0, 0, 0, 0], peer.TakeArrived());
        await swarm.PassAsync(60, () => peer.IsOver);
        Assert.Equal(1, swarm.Logged("closed: TimedOut"));
    }

    /// <summary>It keeps sending.</summary>
    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_peer_that_reads_nothing_is_closed_after_two_minutes(SwarmPhase phase)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        (MemoryPeerStream peer, MemoryPeerStream ours) = Meet(swarm, 1);
        ours.Sends = false;
        peer.Send(Extended(0, "d1:md11:ut_metadatai3eee"u8));
        peer.Send(Extended(MetadataMessage.OwnId, new MetadataMessage(MetadataMessageType.Request, 99).ToBytes())); // is rejected
        int ticks = 0;
        await swarm.PassAsync(140, () =>
        {
            if (++ticks % 50 == 0)
                peer.Send([0, 0, 0, 0]);
            return peer.IsOver;
        });
        Assert.Equal(1, swarm.Logged("closed: TimedOut"));
    }

    private static (MemoryPeerStream Peer, MemoryPeerStream Ours) Meet(PhasedSwarm swarm, int number)
    {
        (MemoryPeerStream peer, MemoryPeerStream ours) = swarm.Come(PhasedSwarm.Address(number), PhasedSwarm.Id(number), supportsV2: true);
        PhasedSwarm.Until(() => peer.Waiting > Handshake.Length);
        return (peer, ours);
    }

    private static byte[] Repeated(int times, byte[] message) => [.. Enumerable.Repeat(message, times).SelectMany(bytes => bytes)];

    private static byte[] Extended(byte id, ReadOnlySpan<byte> payload) => Message(MessageId.Extended, [id, .. payload]);

    private static byte[] Message(MessageId id, params ReadOnlySpan<byte> payload) => MetadataGiver.Message(id, payload);
}
