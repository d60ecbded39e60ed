using System.Net;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Benchmarks.Swarm;

/// <summary>
/// The picker with 100 peers and 100,000 pieces of two blocks: peers join with some of the pieces, announce more, and get requests until all blocks are received. There
/// is no network and no disk, but the pool's limit on open pieces is the real one.
/// </summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 1, iterationCount: 5, invocationCount: 1)]
public class PickerBenchmarks
{
    private const int Pieces = 100_000;
    private const int Peers = 100;
    private const int HavesEach = 1000;
    private const int Window = 64;
    private const int PieceLength = 2 * 16 * 1024;

    private static readonly Torrent s_torrent = SwarmTorrent.Create(Pieces, PieceLength);
    private static readonly int s_segmentLength = SegmentPool.SegmentLength(PieceLength);

    private readonly List<PeerState> _peers = new(Peers);
    private SegmentPool _pool = null!;
    private PiecePicker _picker = null!;
    private int[] _news = [];

    /// <summary>The percentage of pieces of each peer: 100 are seeds; 5 makes it likely that a rare piece is at another peer.</summary>
    [Params(100, 50, 5)]
    public int PercentEach { get; set; }

    [Params(false, true)]
    public bool Sequential { get; set; }

    [IterationSetup(Target = nameof(Join))]
    public void MakePeers()
    {
        var random = new Random(1);
        _peers.Clear();
        for (int i = 0; i < Peers; i++)
            _peers.Add(MakePeer(i, random, PercentEach));
        // Each piece is at some peer, or there would be no end.
        for (int piece = 0; piece < Pieces; piece++)
            _peers[piece % Peers].Pieces.Add(piece);
        _pool = new SegmentPool(48L << 20);
        _picker = new PiecePicker(s_torrent, _pool, SwarmTorrent.All(Pieces), new Bitfield(Pieces), Sequential, new Random(2));
    }

    [IterationSetup(Targets = [nameof(Have), nameof(PickUntilDone)])]
    public void MakeSwarm()
    {
        MakePeers();
        var random = new Random(3);
        _news = [.. Enumerable.Range(0, Peers * HavesEach).Select(_ => random.Next(Pieces))];
        Join();
    }

    /// <summary>100 peers, each with its whole bitfield.</summary>
    [Benchmark]
    public int Join()
    {
        foreach (PeerState peer in _peers)
            _picker.AddPeer(peer);
        return _picker.Missing;
    }

    /// <summary>1000 more pieces of each peer, some of which it had.</summary>
    [Benchmark]
    public int Have()
    {
        int fresh = 0;
        for (int i = 0; i < _news.Length; i++)
            fresh += _picker.PeerHas(_peers[i % Peers], _news[i]) ? 1 : 0;
        return fresh;
    }

    /// <summary>Every block requested and received once, as fast as the picker allows.</summary>
    [Benchmark]
    public int PickUntilDone()
    {
        while (_picker.Missing > 0)
        {
            int before = _picker.Missing;
            foreach (PeerState peer in _peers)
                AskOne(peer);
            foreach (PeerState peer in _peers)
                Answer(peer);
            if (_picker.Missing == before && _peers.TrueForAll(peer => peer.Outstanding.Count == 0))
                throw new InvalidOperationException($"The picker stands still with {before} pieces missing.");
        }

        return _picker.Have.Count;
    }

    private static PeerState MakePeer(int number, Random random, int percent)
    {
        var peer = new PeerState(new IPEndPoint(IPAddress.Loopback, 1000 + number), Pieces) { IsChokingUs = false };
        for (int piece = 0; piece < Pieces; piece++)
        {
            if (random.Next(100) < percent)
                peer.Pieces.Add(piece);
        }

        return peer;
    }

    private void AskOne(PeerState peer)
    {
        while (peer.CanBeAsked && peer.Outstanding.Count < Window)
        {
            if (!_picker.TryPick(peer, out Outstanding picked) && !(_picker.HasNothingFreeFor(peer) && EndGame.TryPick(_picker, _peers, peer, 0, false, out picked)))
                return;
            peer.Outstanding.Add(picked);
        }
    }

    private void Answer(PeerState peer)
    {
        while (peer.Outstanding.Count > 0)
        {
            Outstanding item = peer.Outstanding[0];
            peer.Outstanding.RemoveAt(0);
            if (!item.Piece.IsClosed && !item.Piece.IsReceived(item.Block))
                Receive(peer, item);
        }
    }

    private void Receive(PeerState peer, Outstanding item)
    {
        OpenPiece piece = item.Piece;
        piece.Place(item.Block, _pool);
        Cancel(piece.FirstRequester(item.Block), peer, item);
        Cancel(piece.SecondRequester(item.Block), peer, item);
        piece.Receive(item.Block, peer);
        while (piece.TakeFullSegment() is { } segment)
        {
            _pool.Return(segment);
            _pool.Release(s_segmentLength);
        }

        if (!piece.IsComplete)
            return;
        _picker.Completed(piece);
        _picker.Verified(piece.Index);
        foreach (PeerState other in _peers)
            other.Interesting -= other.Pieces[piece.Index] ? 1 : 0;
    }

    private static void Cancel(PeerState? requester, PeerState sender, Outstanding item)
    {
        if (requester is not null && requester != sender && requester.Outstanding.IndexOf(item.Piece.Index, item.Block) is >= 0 and int index)
            requester.Outstanding.RemoveAt(index);
    }
}
