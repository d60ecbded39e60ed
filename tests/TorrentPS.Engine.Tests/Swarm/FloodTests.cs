using System.Buffers.Binary;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Endless messages of every kind, in every phase of a torrent: all are limited.</summary>
public sealed class FloodTests
{
    private const int PieceLength = 32768;

    /// <summary>More than any flood may have: while a magnet link is resolved, a peer may send 58,000 have messages.</summary>
    private const int MaxMessages = 130_000;

    private static readonly Sample s_sample = Sample.BuildV2(TorrentVersion.Hybrid, PieceLength, 5, ("data", 20 * PieceLength));

    /// <summary>Payloads of each extension, by its class in the engine.</summary>
    private static readonly Dictionary<Type, (byte Id, byte[][] Payloads)> s_extensions = new()
    {
        [typeof(MetadataLink)] = (MetadataMessage.OwnId, [.. new[] { MetadataMessageType.Request, MetadataMessageType.Data, MetadataMessageType.Reject, (MetadataMessageType)9 }.Select(type => new MetadataMessage(type, 0, 1000).ToBytes())]),
        [typeof(DontHaveNotice)] = (DontHaveNotice.Id, [[0, 0, 0, 1]]),
        [typeof(UploadOnlyNotice)] = (UploadOnlyNotice.Id, [[1], [0]]),
        [typeof(PeerExchangeLink)] = (PeerExchangeMessage.OwnId, [new PeerExchangeMessage { Added = [], Dropped = [] }.ToBytes()]),
        [typeof(HolepunchLink)] = (HolepunchMessage.OwnId, [new HolepunchMessage(HolepunchType.Rendezvous, System.Net.IPEndPoint.Parse("198.51.100.9:6881")).ToBytes()]),
    };

    public static TheoryData<SwarmPhase, bool, bool> Situations()
    {
        TheoryData<SwarmPhase, bool, bool> data = [];
        foreach (SwarmPhase phase in Enum.GetValues<SwarmPhase>())
        {
            foreach (bool isV2 in new[] { false, true })
            {
                data.Add(phase, isV2, false);
                data.Add(phase, isV2, true);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Situations))]
    public async Task Every_endless_kind_of_message_ends_the_connection(SwarmPhase phase, bool isV2, bool hasTalked)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        List<string> free = [];
        int number = 0;
        foreach ((string name, byte[] cycle) in Floods())
        {
            number++;
            (MemoryPeerStream peer, MemoryPeerStream ours) = swarm.Come(PhasedSwarm.Address(number), PhasedSwarm.Id(number), isV2);
            PhasedSwarm.Until(() => peer.Waiting >= Handshake.Length);
            if (hasTalked)
                peer.Send(Talk(phase));
            if (!Flood(peer, ours, cycle))
                free.Add(name);
            peer.Dispose();
        }

        Assert.True(free.Count == 0, "free of charge: " + string.Join(", ", free));
        Assert.False(swarm.Run.IsCompleted, swarm.AllLogged());
    }

    /// <summary>Sends messages repeatedly until the connection is closed; false if it never is.</summary>
    private static bool Flood(MemoryPeerStream peer, MemoryPeerStream ours, byte[] cycle)
    {
        int times = Math.Max(1, 16_384 / cycle.Length);
        byte[] chunk = [.. Enumerable.Repeat(cycle, times).SelectMany(bytes => bytes)];
        for (int sent = 0; sent < MaxMessages && !peer.IsOver; sent += times)
        {
            peer.Send(chunk);
            PhasedSwarm.Until(() => ours.Waiting < 1 << 20 || peer.IsOver);
            peer.TakeArrived();
        }

        return SpinWait.SpinUntil(() => peer.IsOver, TimeSpan.FromMinutes(5));
    }

    /// <summary>Messages after which data could be exchanged with the peer.</summary>
    private static byte[] Talk(SwarmPhase phase) =>
    [
        .. Extended(0, "d1:md6:ut_pexi1e11:ut_metadatai3e12:ut_holepunchi4ee13:metadata_sizei1000ee"u8),
        .. Message(phase == SwarmPhase.Seeding ? MessageId.HaveNone : MessageId.HaveAll), .. Message(MessageId.Unchoke), .. Message(MessageId.Interested),
    ];

    private static IEnumerable<(string Name, byte[] Cycle)> Floods()
    {
        yield return ("keep-alive", [0, 0, 0, 0]);
        yield return ("unknown", Message((MessageId)99, 1, 2, 3));
        yield return ("long unknown", Message((MessageId)99, new byte[60_000]));
        foreach (MessageId id in Enum.GetValues<MessageId>())
        {
            foreach (byte[] cycle in Cycles(id))
                yield return ($"{id} ({cycle.Length} bytes)", cycle);
        }

        foreach (Type type in typeof(IPeerExtension).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IPeerExtension))))
        {
            (byte id, byte[][] payloads) = s_extensions[type];
            foreach (byte[] payload in payloads)
                yield return ($"{type.Name} {payload[^1]}", Extended(id, payload));
            yield return ($"{type.Name} by turns", [.. payloads.SelectMany(payload => Extended(id, payload))]);
        }

        yield return ("extension that is not known", Extended(77, "de"u8));
        yield return ("have and lt_donthave by turns", [.. Numbers(MessageId.Have, 1), .. Extended(DontHaveNotice.Id, [0, 0, 0, 1])]);
        yield return ("requests taken back", [.. Numbers(MessageId.Request, 1, 0, 16384), .. Numbers(MessageId.Cancel, 1, 0, 16384)]);
    }

    /// <summary>Each kind of message, in ways that move no data. A new kind needs a line here.</summary>
    private static byte[][] Cycles(MessageId id) => id switch
    {
        MessageId.Choke or MessageId.Unchoke => [Message(id), [.. Message(MessageId.Unchoke), .. Message(MessageId.Choke)]],
        MessageId.Interested or MessageId.NotInterested => [Message(id), [.. Message(MessageId.Interested), .. Message(MessageId.NotInterested)]],
        MessageId.Have or MessageId.Suggest or MessageId.AllowedFast => [Numbers(id, 1), [.. Numbers(id, 1), .. Numbers(id, 2)]],
        MessageId.Bitfield => [Message(id, new byte[3]), [.. Message(id, 0xFF, 0xFF, 0xF0), .. Message(id, new byte[3])]],
        MessageId.HaveAll or MessageId.HaveNone => [Message(id), [.. Message(MessageId.HaveAll), .. Message(MessageId.HaveNone)]],
        MessageId.Request or MessageId.Cancel or MessageId.Reject => [Numbers(id, 1, 0, 16384)],
        MessageId.Piece => [Message(id, 0, 0, 0, 1, 0, 0, 0, 1, 5)],
        MessageId.Port => [Message(id, 1, 2)],
        MessageId.Extended => [Message(id, 0), Extended(0, "de"u8), Extended(0, "d1:md6:ut_pexi1e6:ut_pexi2eee"u8)],
        MessageId.HashRequest or MessageId.HashReject => [Hashes(id, 0, s_sample.Torrent.PieceRoots![0].Span), Hashes(id, 0, new byte[32])],
        MessageId.Hashes => [Hashes(id, 64, s_sample.Torrent.PieceRoots![0].Span), Hashes(id, 64, new byte[32])],
        _ => throw new ArgumentOutOfRangeException(nameof(id), id, "There is no flood of it yet."),
    };

    private static byte[] Hashes(MessageId id, int hashes, ReadOnlySpan<byte> root)
    {
        byte[] bytes = new byte[HashMessage.Length + hashes];
        HashMessage.Write(bytes, id, root, new HashRange(1, 0, 2, 3), hashes);
        return bytes;
    }

    private static byte[] Extended(byte id, ReadOnlySpan<byte> payload) => Message(MessageId.Extended, [id, .. payload]);

    private static byte[] Numbers(MessageId id, params ReadOnlySpan<uint> numbers)
    {
        byte[] payload = new byte[4 * numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(4 * i), numbers[i]);
        return Message(id, payload);
    }

    private static byte[] Message(MessageId id, params ReadOnlySpan<byte> payload) => MetadataGiver.Message(id, payload);
}
