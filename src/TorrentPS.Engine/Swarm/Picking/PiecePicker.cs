using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Decides which block is asked for next, of which peer. A peer first goes on with the piece it began; then it adopts an open piece whose
/// peer is gone (partial pieces first); then it begins the rarest queued piece; only when memory or pieces run out it shares another peer's
/// piece. When no block is free any more, it asks again for blocks that slower peers owe (<see cref="EndGame"/>).
/// </summary>
internal sealed partial class PiecePicker
{
    private readonly Torrent _torrent;
    private readonly SegmentPool _pool;
    private readonly PieceState[] _states;
    private readonly Bitfield _missing;
    private readonly List<OpenPiece> _openList = [];
    private readonly List<OpenPiece> _freeList = []; // the open pieces with free blocks; and some that have none any more, until somebody looks
    private readonly HashSet<int> _onParole = [];
    private readonly int _segmentLength;
    private PieceOrder? _order; // none when nothing is missing

    public PiecePicker(Torrent torrent, SegmentPool pool, Bitfield wanted, Bitfield have, bool sequential, Random? random = null, Func<int, bool>? isWithheld = null, Bitfield? urgent = null)
    {
        _torrent = torrent;
        _pool = pool;
        _segmentLength = SegmentPool.SegmentLength(torrent.PieceLength);
        _missing = new Bitfield(torrent.PieceCount);
        _states = new PieceState[torrent.PieceCount];
        IsSequential = sequential;
        Have = have;
        for (int piece = 0; piece < torrent.PieceCount; piece++)
        {
            if (have[piece])
            {
                _states[piece] = PieceState.Have;
            }
            else if (wanted[piece])
            {
                _missing.Add(piece);
                _order ??= new PieceOrder(torrent.PieceCount, random, urgent);
                _states[piece] = isWithheld?.Invoke(piece) == true ? PieceState.Withheld : PieceState.Queued;
                if (_states[piece] == PieceState.Queued)
                    _order.Enqueue(piece);
            }
        }
    }

    /// <summary>The pieces that are verified and written.</summary>
    public Bitfield Have { get; }

    /// <summary>Wanted pieces that are not there yet.</summary>
    public int Missing => _missing.Count;

    public bool IsSequential { get; }

    public IReadOnlyList<OpenPiece> Open => _openList;

    /// <summary>Whether every block that is missing is asked for or received.</summary>
    public bool IsEndGame => _order is not { QueuedCount: > 0 } && NextFree(0) is null;

    /// <summary>Whether a block that one of the sources has is still to be asked for.</summary>
    public bool HasFree(IReadOnlyList<PeerState> sources)
    {
        if (IsEndGame || _order is not { } order)
            return false;
        for (int i = 0; i < sources.Count; i++)
        {
            if (sources[i].Pieces.IsFull)
                return true;
        }

        for (int i = 0; NextFree(i) is { } piece; i++)
        {
            if (order.Availability(piece.Index) > 0)
                return true;
        }

        return order.IsAnyAvailable;
    }

    /// <summary>Whether every missing block that a peer could send is asked for or received. Other peers may still have some to be asked for.</summary>
    public bool HasNothingFreeFor(PeerState peer)
    {
        if (HasQueuedFor(peer))
            return false;
        for (int i = 0; NextFree(i) is { } piece; i++)
        {
            if (peer.Pieces[piece.Index])
                return false;
        }

        return true;
    }

    public PieceState this[int piece] => _states[piece];

    public bool IsMissing(int piece) => _missing[piece];

    /// <summary>Counts what a new peer has, and notes how much of it is missing here.</summary>
    public void AddPeer(PeerState peer)
    {
        peer.NothingQueuedAt = 0;
        peer.Interesting = peer.Pieces.IsFull ? Missing : peer.Pieces.CountCommon(_missing);
        if (!peer.Pieces.IsFull)
            _order?.Add(peer.Pieces);
    }

    /// <summary>Undoes <see cref="AddPeer"/>.</summary>
    public void RemovePeer(PeerState peer)
    {
        if (!peer.Pieces.IsFull)
            _order?.Remove(peer.Pieces);
    }

    /// <summary>A peer has got a piece; false when it had it.</summary>
    public bool PeerHas(PeerState peer, int piece)
    {
        if (!peer.Pieces.Add(piece))
            return false;
        peer.NothingQueuedAt = 0;
        if (IsMissing(piece))
            peer.Interesting++;
        _order?.Increment(piece);
        if (peer.Pieces.IsFull)
            _order?.Remove(peer.Pieces); // from now on it counts as one that has everything
        return true;
    }

    /// <summary>How many connected peers that have not everything have a piece; not counted any more when nothing is missing.</summary>
    public int Availability(int piece) => _order?.Availability(piece) ?? 0;

    /// <summary>The next free block to ask a peer for, now noted as asked; false when there is none for it.</summary>
    public bool TryPick(PeerState peer, out Outstanding picked)
    {
        if (peer.Current is { FreeBlocks: > 0 } current)
        {
            if (TryTake(current, peer, out picked))
                return true;
        }
        else
        {
            peer.Current = null;
        }

        return TryAdopt(peer, out picked)
            || TryBegin(peer, out picked)
            || TryShare(peer, out picked);
    }

    /// <summary>Notes that a peer does not owe a block any more.</summary>
    public void Release(PeerState peer, Outstanding item)
    {
        if (item.IsReleased)
            return;
        item.Piece.RemoveRequester(item.Block, peer);
        ListFree(item.Piece);
        CloseIfUntouched(item.Piece);
    }

    /// <summary>Frees all that a peer is noted for, whatever it itself is known to owe: a fault may have cut short the change of both.</summary>
    public void ReleaseAllOf(PeerState peer)
    {
        for (int i = _openList.Count - 1; i >= 0; i--)
        {
            OpenPiece piece = _openList[i];
            for (int block = 0; block < piece.BlockCount; block++)
                piece.RemoveRequester(block, peer);
            ListFree(piece);
            CloseIfUntouched(piece);
        }
    }

    /// <summary>A peer that was late sends again: what it owes and nobody else was asked for meanwhile is its own again.</summary>
    public static void Reclaim(PeerState peer)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
        {
            Outstanding item = peer.Outstanding[i];
            if (!item.IsReleased || item.Piece.IsClosed || !item.Piece.IsFree(item.Block))
                continue;
            item.Piece.AddRequester(item.Block, peer);
            peer.Outstanding[i] = item with { IsReleased = false };
        }
    }

    /// <summary>A peer is gone or chokes us: what it began is others' to go on with.</summary>
    public void Disown(PeerState peer)
    {
        peer.Current = null;
        foreach (OpenPiece piece in _openList)
        {
            if (piece.Owner == peer)
                piece.Owner = null;
        }
    }

    /// <summary>All blocks of a piece have arrived.</summary>
    public void Completed(OpenPiece piece)
    {
        _states[piece.Index] = PieceState.Verifying;
        Close(piece);
    }

    /// <summary>The hash of a piece is known now.</summary>
    public void Admit(int piece)
    {
        if (_states[piece] != PieceState.Withheld)
            return;
        _states[piece] = PieceState.Queued;
        _order!.Enqueue(piece);
    }

    /// <summary>A piece is verified and written.</summary>
    public void Verified(int piece)
    {
        _states[piece] = PieceState.Have;
        _onParole.Remove(piece);
        Have.Add(piece);
        _missing.Remove(piece);
        if (Missing == 0)
            _order = null; // a seed has nothing to choose
    }

    /// <summary>A piece is no longer what was verified, and is fetched again. Others must be missing: a seed has nothing to choose.</summary>
    public void Lost(int piece)
    {
        Have.Remove(piece);
        _missing.Add(piece);
        _states[piece] = PieceState.Queued;
        _order!.Enqueue(piece);
    }

    /// <summary>A piece is no longer what was verified, and is not fetched again.</summary>
    public void Withdraw(int piece)
    {
        Have.Remove(piece);
        _states[piece] = PieceState.Withdrawn;
    }

    /// <summary>A piece was not what its hash says, or could not be written: it is fetched again, from one peer alone.</summary>
    public void Failed(int piece)
    {
        _states[piece] = PieceState.Queued;
        _onParole.Add(piece);
        _order!.Enqueue(piece);
    }

    /// <summary>A piece was not what its hash says, but some of its blocks are, and are on disk: only the others are fetched again, from whomever.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="kept">Which blocks are right; some, and not all.</param>
    public void Repair(int piece, bool[] kept)
    {
        OpenPiece opened = new(piece, _torrent.DataLengthOfPiece(piece), _segmentLength, kept) { OpenIndex = _openList.Count };
        _states[piece] = PieceState.Open;
        _openList.Add(opened);
        ListFree(opened);
    }

    /// <summary>
    /// Gives up the open pieces that no connected peer can finish, so that their memory serves others. Returns the bytes that were received in vain.
    /// </summary>
    public long AbandonUnfinishable(IReadOnlyCollection<PeerState> peers)
    {
        long wasted = 0;
        for (int i = _openList.Count - 1; i >= 0; i--)
        {
            OpenPiece piece = _openList[i];
            if (piece.FreeBlocks != piece.BlockCount - piece.ReceivedBlocks || piece.ReservedSegments == piece.FlushedSegments || CanAnyFinish(piece, peers))
                continue;
            wasted += piece.Drop(_pool);
            ListFree(piece);
            if (piece.IsUntouched)
                Requeue(piece); // else its beginning is hashed and written, and waits for the rest
        }

        return wasted;
    }

    private static bool CanAnyFinish(OpenPiece piece, IReadOnlyCollection<PeerState> peers)
    {
        foreach (PeerState peer in peers)
        {
            if (peer.CanBeAsked && peer.Pieces[piece.Index])
                return true;
        }

        return false;
    }

    private void CloseIfUntouched(OpenPiece piece)
    {
        if (piece.IsUntouched && _states[piece.Index] == PieceState.Open)
            Requeue(piece);
    }

    private void Requeue(OpenPiece piece)
    {
        piece.Abandon(_pool);
        Close(piece);
        _states[piece.Index] = PieceState.Queued;
        _order!.Enqueue(piece.Index);
    }

    private void Close(OpenPiece piece)
    {
        if (piece.Owner is { } owner && owner.Current == piece)
            owner.Current = null;
        piece.IsClosed = true;
        _openList[piece.OpenIndex] = _openList[^1];
        _openList[piece.OpenIndex].OpenIndex = piece.OpenIndex;
        _openList.RemoveAt(_openList.Count - 1);
    }

    /// <summary>Notes that a piece has free blocks.</summary>
    private void ListFree(OpenPiece piece)
    {
        if (piece.IsListedFree || piece.IsClosed || piece.FreeBlocks == 0)
            return;
        piece.IsListedFree = true;
        _freeList.Add(piece);
    }

    /// <summary>The piece at a place of the list of those with free blocks; null behind the end. Who has none any more leaves the list here.</summary>
    private OpenPiece? NextFree(int place)
    {
        while (place < _freeList.Count)
        {
            OpenPiece piece = _freeList[place];
            if (piece is { IsClosed: false, FreeBlocks: > 0 })
                return piece;
            piece.IsListedFree = false;
            _freeList[place] = _freeList[^1];
            _freeList.RemoveAt(_freeList.Count - 1);
        }

        return null;
    }

    /// <summary>Gives back all memory: the download ends.</summary>
    public void AbandonAll()
    {
        foreach (OpenPiece piece in _openList)
        {
            piece.Writer?.Cancel();
            piece.Abandon(_pool);
            piece.IsClosed = true;
        }

        _openList.Clear();
        _freeList.Clear();
    }
}
