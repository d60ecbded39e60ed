using System.Runtime.ExceptionServices;
using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>
/// All bytes that a peer sends after its handshake while a magnet link is resolved, and the handover of the connection at the end. The first byte of the input selects
/// how much arrives at once.
/// </summary>
internal sealed class MetadataPeerTarget : FuzzTarget
{
    private const int PieceLength = 16384;
    private const int Pieces = 600;

    private readonly byte[] _handshake = new byte[Handshake.Length];
    private readonly Torrent _torrent;

    public MetadataPeerTarget()
    {
        var builder = new TorrentBuilder("data", PieceLength, TorrentVersion.Hybrid) { PieceHashes = new byte[20 * Pieces], PieceRoots = new byte[32 * Pieces] };
        builder.SetSingleFile(PieceLength * (long)Pieces);
        _torrent = Torrent.Parse(builder.Build());
        Handshake.Write(_handshake, _torrent.InfoHash.Wire, "-qB4520-abcdefghijkl"u8, supportsV2: true);
        Seeds = Create();
    }

    public override string Name => "metadata-peer";

    public override string Description => "what peers send while a magnet link is resolved, through a real connection that is then given away";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override InputShape Shape => InputShape.Messages;

    public override int MaxLength => 96 * 1024;

    // A copy of the metadata, in the size announced by the peer, and its messages, in buffers that double.
    public override long MaxAllocated(int length) => 48L * 1024 * 1024 + 256L * length;

    public override int Try(byte[] input)
    {
        if (input.Length == 0)
            return 0;
        using var loop = new FuzzLoop();
        var swarm = new FuzzMetadataSwarm(_torrent);
        int pace = input[0] == 0 ? int.MaxValue : input[0] * 4;
        var stream = new FuzzStream(input.AsMemory(1), pace, () => swarm.Now += 0.05);
        var peer = new MetadataPeer(swarm, new PeerConnection(stream, Handshake.Read(_handshake)!, isV2: true), null);
        HandedOverPeer? left = null;
        loop.Run(() =>
        {
            Task running = peer.RunAsync();
            loop.Settle(new DiskTally());
            peer.Tick(swarm.Now);
            peer.Ask();
            loop.Settle(new DiskTally());
            left = peer.GiveAway();
            stream.End();
            loop.Settle(new DiskTally());
            left?.Connection.Close(PeerClose.Stopping);
            loop.Settle(new DiskTally());
            Require(running.IsCompletedSuccessfully, "the connection does not end");
        });
        if (swarm.Fault is { } fault)
            ExceptionDispatchInfo.Throw(fault);
        Require(swarm.TimesClosed == (left is null ? 1 : 0), "it is closed and given away, or neither, or twice");
        return HashCode.Combine(swarm.What, left is null, stream.Sent > 0 ? System.Numerics.BitOperations.Log2((uint)stream.Sent) : 0, swarm.Violation is null ? 0 : Outcome(swarm.Violation));
    }

    private byte[][] Create()
    {
        byte[] metadata = _torrent.InfoBytes.ToArray();
        byte[] hello = Message(MessageId.Extended, [0, .. new ExtensionHandshake
        {
            Extensions = new Dictionary<string, byte> { ["ut_metadata"] = 3, ["ut_pex"] = 1 },
            Client = "Example 1.0",
            MetadataSize = metadata.Length,
            Port = 6881,
        }.ToBytes()]);
        List<byte> all = [.. hello];
        for (int piece = 0; piece < MetadataMessage.PieceCount(metadata.Length); piece++)
        {
            byte[] head = new MetadataMessage(MetadataMessageType.Data, piece, metadata.Length).ToBytes();
            all.AddRange(Message(MessageId.Extended, [MetadataMessage.OwnId, .. head, .. metadata.AsSpan(piece * MetadataMessage.BlockLength, MetadataMessage.LengthOf(piece, metadata.Length))]));
        }

        byte[] pex = new PeerExchangeMessage { Added = [new ExchangedPeer(System.Net.IPEndPoint.Parse("198.51.100.7:6881"), PeerExchangeFlags.Seed)], Dropped = [] }.ToBytes();
        byte[] hashes = new byte[HashMessage.Length], reject = new byte[HashMessage.Length];
        HashMessage.Write(hashes, MessageId.Hashes, _torrent.PieceRoots![0].Span, new HashRange(0, 0, 512, 9));
        HashMessage.Write(reject, MessageId.HashReject, _torrent.PieceRoots![0].Span, new HashRange(0, 0, 512, 9));
        return
        [
            [0, .. hello],
            [0, .. all],
            [90, .. all, .. hashes, .. reject],
            [3, .. hello, .. Message(MessageId.Bitfield, new byte[75]), .. Message(MessageId.Unchoke), .. Message(MessageId.Have, [0, 0, 0, 5]), 0, 0, 0, 0],
            [0, .. hello, .. Message(MessageId.Extended, [PeerExchangeMessage.OwnId, .. pex]), .. Message(MessageId.Extended, [MetadataMessage.OwnId, .. new MetadataMessage(MetadataMessageType.Request, 0).ToBytes()]),
                .. Message(MessageId.Extended, [MetadataMessage.OwnId, .. new MetadataMessage(MetadataMessageType.Reject, 0).ToBytes()])],
            [20, .. hello, .. Message((MessageId)99, Encoding.ASCII.GetBytes("unknown")), .. Message(MessageId.Piece, new byte[40]), .. Message(MessageId.HashRequest, new byte[48])],
        ];
    }

    private static byte[] Message(MessageId id, params ReadOnlySpan<byte> payload)
    {
        byte[] bytes = new byte[5 + payload.Length];
        PeerMessage.WriteHeader(bytes, id, payload.Length);
        payload.CopyTo(bytes.AsSpan(5));
        return bytes;
    }
}
