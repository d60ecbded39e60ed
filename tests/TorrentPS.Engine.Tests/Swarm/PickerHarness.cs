using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>A picker in the surroundings of a download, but without network, disk and clock; checks after each step that all counts agree.</summary>
internal sealed class PickerHarness
{
    private readonly Torrent _torrent;
    private readonly Bitfield _wanted;
    private readonly Random _random;
    private readonly bool _sequential;
    private readonly int _segmentLength;
    private readonly Dictionary<OpenPiece, Queue<byte[]>> _writing = [];
    private readonly HashSet<int> _verifying = [];

    public PickerHarness(Torrent torrent, Bitfield wanted, Bitfield have, bool sequential, int seed, long poolLimit = 0)
    {
        _torrent = torrent;
        _wanted = wanted;
        _random = new Random(seed);
        _sequential = sequential;
        _segmentLength = SegmentPool.SegmentLength(torrent.PieceLength);
        Pool = new SegmentPool(poolLimit);
        Picker = new PiecePicker(torrent, Pool, wanted, have, sequential, new Random(seed));
    }

    public PiecePicker Picker { get; }

    public SegmentPool Pool { get; }

    public List<PeerState> Peers { get; } = [];

    public double Now { get; set; }

    public bool IsWriting => _writing.Count > 0;

    public void Join(PeerState peer)
    {
        Picker.AddPeer(peer);
        Peers.Add(peer);
    }

    public void Leave(PeerState peer)
    {
        Peers.Remove(peer);
        ReleaseAll(peer);
        Picker.RemovePeer(peer);
    }

    public void Choke(PeerState peer)
    {
        peer.IsChokingUs = true;
        ReleaseAll(peer);
    }

    public void Snub(PeerState peer)
    {
        peer.IsSnubbed = true;
        for (int i = 0; i < peer.Outstanding.Count; i++)
        {
            Picker.Release(peer, peer.Outstanding[i]);
            peer.Outstanding[i] = peer.Outstanding[i] with { IsReleased = true };
        }

        Picker.Disown(peer);
    }

    private void ReleaseAll(PeerState peer)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
            Picker.Release(peer, peer.Outstanding[i]);
        peer.Outstanding.Clear();
        Picker.Disown(peer);
    }

    public bool Ask(PeerState peer, bool endGame = true)
    {
        if (!peer.CanBeAsked)
            return false;
        if (peer.Outstanding.Count == 0)
            peer.LastBlockAt = Now;
        List<int> queued = [.. Enumerable.Range(0, _torrent.PieceCount).Where(piece => Picker[piece] == PieceState.Queued && peer.Pieces[piece])];
        if (!Picker.TryPick(peer, out Outstanding picked) && !(endGame && Picker.HasNothingFreeFor(peer) && EndGame.TryPick(Picker, Peers, peer, Now, false, out picked)))
            return false;
        Assert.True(peer.Pieces[picked.Piece.Index], "a peer is asked for what it has not");
        if (queued.Contains(picked.Piece.Index))
            CheckChoice(picked.Piece.Index, queued);
        peer.Outstanding.Add(picked);
        return true;
    }

    private void CheckChoice(int begun, List<int> queued)
    {
        if (_sequential)
            Assert.Equal(queued.Min(), begun);
        else if (Picker.Have.Count >= 4) // the first are random
            Assert.Equal(queued.Min(Picker.Availability), Picker.Availability(begun));
    }

    public void Receive(PeerState peer, int index)
    {
        Outstanding item = peer.Outstanding[index];
        peer.Outstanding.RemoveAt(index);
        peer.LastBlockAt = Now;
        if (peer.IsSnubbed)
        {
            peer.IsSnubbed = false;
            PiecePicker.Reclaim(peer);
        }

        OpenPiece piece = item.Piece;
        if (piece.IsClosed || piece.IsReceived(item.Block))
            return;
        piece.Place(item.Block, Pool)[0] = 1;
        foreach (PeerState other in new[] { piece.FirstRequester(item.Block), piece.SecondRequester(item.Block) }.OfType<PeerState>())
        {
            if (other != peer)
                Cancel(other, item);
        }

        piece.Receive(item.Block, peer);
        while (piece.TakeFullSegment() is { } segment)
        {
            if (!_writing.TryGetValue(piece, out Queue<byte[]>? segments))
                _writing.Add(piece, segments = new Queue<byte[]>());
            segments.Enqueue(segment);
        }

        if (!piece.IsComplete)
            return;
        Picker.Completed(piece);
        _verifying.Add(piece.Index);
    }

    private static void Cancel(PeerState other, Outstanding item)
    {
        for (int i = 0; i < other.Outstanding.Count; i++)
        {
            if (other.Outstanding[i].Piece == item.Piece && other.Outstanding[i].Block == item.Block && !other.Outstanding[i].IsReleased)
            {
                other.Outstanding.RemoveAt(i);
                return;
            }
        }

        Assert.Fail("a peer stands as asked for a block that it does not owe");
    }

    /// <summary>Acts as the disk: a segment of some piece is written, and after the last segment the piece is right or wrong.</summary>
    public void WriteSegment(Func<int, bool> isGood)
    {
        if (_writing.Count == 0)
            return;
        (OpenPiece piece, Queue<byte[]> segments) = _writing.ElementAt(_random.Next(_writing.Count));
        if (segments.TryDequeue(out byte[]? segment))
        {
            Pool.Return(segment);
            Pool.Release(_segmentLength);
        }

        if (segments.Count > 0 || !piece.IsComplete)
        {
            if (segments.Count == 0)
                _writing.Remove(piece);
            return;
        }

        _writing.Remove(piece);
        _verifying.Remove(piece.Index);
        if (!isGood(piece.Index))
        {
            Picker.Failed(piece.Index);
            return;
        }

        Picker.Verified(piece.Index);
        foreach (PeerState peer in Peers.Where(peer => peer.Pieces[piece.Index]))
            peer.Interesting--;
    }

    public void WriteAll()
    {
        while (_writing.Count > 0)
            WriteSegment(_ => true);
    }

    public void Check()
    {
        CheckStates();
        CheckRequests();
        long expected = Picker.Open.Sum(piece => (long)(piece.ReservedSegments - piece.FlushedSegments) * _segmentLength)
            + _writing.Values.Sum(segments => (long)segments.Count * _segmentLength);
        Assert.Equal(expected, Pool.Reserved);
        bool isAnyQueued = Enumerable.Range(0, _torrent.PieceCount).Any(piece => Picker[piece] == PieceState.Queued);
        Assert.Equal(!isAnyQueued && Picker.Open.All(piece => piece.FreeBlocks == 0), Picker.IsEndGame);
        foreach (PeerState peer in Peers)
        {
            int[] missing = [.. Enumerable.Range(0, _torrent.PieceCount).Where(piece => peer.Pieces[piece] && Picker.IsMissing(piece))];
            Assert.Equal(missing.Length, peer.Interesting);
            bool isFree = missing.Any(piece => Picker[piece] == PieceState.Queued || Picker.Open.Any(open => open.Index == piece && open.FreeBlocks > 0));
            Assert.Equal(!isFree, Picker.HasNothingFreeFor(peer));
        }
    }

    private void CheckStates()
    {
        Dictionary<int, OpenPiece> open = Picker.Open.ToDictionary(piece => piece.Index);
        int missing = 0;
        for (int piece = 0; piece < _torrent.PieceCount; piece++)
        {
            PieceState state = Picker[piece];
            Assert.Equal(state == PieceState.Have, Picker.Have[piece]);
            Assert.Equal(state == PieceState.Open, open.ContainsKey(piece));
            Assert.Equal(state == PieceState.Verifying, _verifying.Contains(piece));
            Assert.Equal(state == PieceState.NotWanted, !_wanted[piece] && !Picker.Have[piece]);
            missing += Picker.IsMissing(piece) ? 1 : 0;
            if (Picker.Missing > 0)
                Assert.Equal(Peers.Count(peer => !peer.Pieces.IsFull && peer.Pieces[piece]), Picker.Availability(piece));
        }

        Assert.Equal(missing, Picker.Missing);
        Assert.All(open.Values, piece => Assert.False(piece.IsClosed || piece.IsUntouched || piece.IsComplete));
    }

    private void CheckRequests()
    {
        foreach (OpenPiece piece in Picker.Open)
        {
            Assert.True(piece.ReservedSegments <= piece.SegmentCount && piece.FlushedSegments <= piece.ReservedSegments);
            for (int block = 0; block < piece.BlockCount; block++)
            {
                int owed = Peers.Sum(peer => Enumerable.Range(0, peer.Outstanding.Count).Count(i => peer.Outstanding[i] is { IsReleased: false } item && item.Piece == piece && item.Block == block && !piece.IsReceived(block)));
                Assert.Equal(piece.Requesters(block), owed);
                Assert.InRange(owed, 0, 2);
                Assert.True(piece.IsFree(block) || piece.SegmentOf(block) < piece.ReservedSegments, "a block is asked for that has no place");
            }
        }

        foreach (PeerState peer in Peers)
            Assert.True(peer.Current is null || (!peer.Current.IsClosed && peer.Current.Owner == peer), "a peer works on a piece that is not its own");
    }
}
