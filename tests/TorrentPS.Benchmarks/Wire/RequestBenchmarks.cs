using BenchmarkDotNet.Attributes;
using TorrentPS.Benchmarks.Swarm;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;
using TorrentPS.Testing;

namespace TorrentPS.Benchmarks.Wire;

/// <summary>500 requests: a peer's whole window.</summary>
[MemoryDiagnoser]
public class RequestBenchmarks
{
    private const int Requests = 500;
    private const int BlocksInPiece = 64;

    private readonly byte[] _buffer = new byte[Requests * PeerMessage.RequestLength];
    private readonly OpenPiece[] _pieces = [.. Enumerable.Range(0, Requests / BlocksInPiece + 1).Select(i => new OpenPiece(i, 1 << 20, SegmentPool.MaxSegmentLength))];
    private readonly RequestCounter _peer = new();
    private PeerSession _session = null!;

    [GlobalSetup]
    public void Setup()
    {
        Torrent torrent = SwarmTorrent.Create(_pieces.Length, 1 << 20);
        var swarm = new FakeSwarm(new PieceDisk(new MemoryStorage(torrent), new PieceHashes(torrent, null), null!, new DiskTally(), new SegmentPool(0)), new Bitfield(torrent.PieceCount), TimeProvider.System) { Window = Requests };
        _session = new PeerSession(swarm, new PeerConnection(_peer, InMemoryPeer.Handshake()), torrent.PieceCount);
    }

    /// <summary>The codec alone.</summary>
    [Benchmark]
    public int Encode500()
    {
        for (int i = 0; i < Requests; i++)
        {
            var block = new BlockRequest(i / BlocksInPiece, i % BlocksInPiece * BlockRequest.BlockLength, BlockRequest.BlockLength);
            PeerMessage.WriteBlock(_buffer.AsSpan(i * PeerMessage.RequestLength), MessageId.Request, block);
        }

        return _buffer[^1];
    }

    /// <summary>Through the session, in one send, with the queue of outstanding requests and the other end's reading.</summary>
    [Benchmark]
    public int Send500()
    {
        for (int i = 0; i < Requests; i++)
            _session.QueueRequest(new Outstanding(_pieces[i / BlocksInPiece], i % BlocksInPiece));
        _session.Flush();
        _session.State.Outstanding.Clear();
        return _peer.Requests;
    }

    /// <summary>A peer that reads and discards.</summary>
    private sealed class RequestCounter : InMemoryPeer
    {
        public int Requests { get; private set; }

        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotSupportedException("It has nothing to say.");

        protected override void Message(MessageId id, ReadOnlySpan<byte> payload) => Requests += id == MessageId.Request && PeerMessage.TryReadBlock(payload, out _) ? 1 : 0;
    }
}
