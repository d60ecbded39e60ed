using System.Runtime.ExceptionServices;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;
using TorrentPS.Fuzz.Fuzzing;
using TorrentPS.Testing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>
/// All bytes that a peer sends after its handshake, to a real session of a torrent of which we have every other piece: the missing ones are requested from it, and its
/// requests are answered. The first byte of the input selects how much arrives at once.
/// </summary>
internal sealed class MessageTarget : FuzzTarget
{
    private const int PieceLength = 32768;
    private const int Pieces = 10;
    private const int LastLength = PieceLength - 100;
    private const int Window = 8;

    private readonly byte[] _handshake = new byte[Handshake.Length];
    private readonly DiskQueue _queue = new(1);
    private readonly PieceHashes _hashes;
    private readonly Bitfield _have;
    private readonly SegmentPool _pool = new(8 << 20);
    private readonly Torrent _torrent;

    public MessageTarget()
    {
        var builder = new TorrentBuilder("data", PieceLength, TorrentVersion.Hybrid) { PieceHashes = new byte[20 * Pieces], PieceRoots = new byte[32 * Pieces] };
        builder.SetSingleFile(PieceLength * (Pieces - 1) + LastLength);
        _torrent = Torrent.Parse(builder.Build());
        Handshake.Write(_handshake, _torrent.InfoHash.Wire, "-qB4520-abcdefghijkl"u8, usesDht: true);
        // The fast extension (BEP 6) and version 2 (BEP 52) as well.
        _handshake[Handshake.ReservedOffset + 7] |= 0x14;
        _hashes = new PieceHashes(_torrent, PieceLayers.Of(_torrent));
        _have = new Bitfield(Pieces);
        for (int piece = 0; piece < Pieces; piece += 2)
            _have.Add(piece);
        Seeds = MessageSeeds.Create(PieceLength, LastLength, Pieces, _torrent.PieceRoots![0].Span);
    }

    public override string Name => "messages";

    public override string Description => "what peers send, through a real session: messages, extensions, metadata, peer exchange";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override InputShape Shape => InputShape.Messages;

    public override int MaxLength => 96 * 1024;

    // A message of 1 MiB may be incomplete, and buffers grow fourfold; answers to its requests.
    public override long MaxAllocated(int length) => (8 << 20) + 256L * length;

    public override int Try(byte[] input)
    {
        if (input.Length == 0)
            return 0;
        using var loop = new FuzzLoop();
        using var storage = new MemoryStorage(_torrent);
        var disk = new PieceDisk(storage, _hashes, _queue, new DiskTally(), _pool);
        var swarm = new FakeSwarm(disk, _have.Clone(), TimeProvider.System) { Window = Window, ListenPort = 6881, DhtPort = 6881, ExchangesPeers = true, PunchesHoles = true };
        int pace = input[0] == 0 ? int.MaxValue : input[0] * 4;
        var stream = new FuzzStream(input.AsMemory(1), pace, () => swarm.Now += 0.05);
        var session = new PeerSession(swarm, new PeerConnection(stream, Handshake.Read(_handshake)!, isV2: true), _torrent.PieceCount);
        loop.Run(() =>
        {
            swarm.Picker.AddPeer(session.State);
            Task running = session.RunAsync();
            session.RequestHashes(0, MessageSeeds.Hashes);
            loop.Settle(disk.Jobs);
            session.Tick(swarm.Now);
            stream.End();
            loop.Settle(disk.Jobs);
            swarm.Picker.AbandonAll();
            Require(running.IsCompletedSuccessfully && session.IsClosed, "the session does not end");
        });
        if ((swarm.Fault ?? swarm.StorageFailure) is { } fault)
            ExceptionDispatchInfo.Throw(fault);
        Require(_pool.Reserved == 0, "memory of pieces is not given back");
        return HashCode.Combine(swarm.What, stream.Sent > 0 ? System.Numerics.BitOperations.Log2((uint)stream.Sent) : 0, swarm.Violation is null ? 0 : Outcome(swarm.Violation));
    }

    public override void Dispose()
    {
        _queue.Dispose();
        base.Dispose();
    }
}
