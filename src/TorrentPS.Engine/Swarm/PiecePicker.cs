using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Decides which block is asked for next, of which peer. A peer first goes on with the piece it began; then it adopts an open piece whose
/// peer is gone (partial pieces first); then it begins the rarest queued piece; only when memory or pieces run out it shares another peer's
/// piece. When no block is free any more, it asks again for blocks that slower peers owe (<see cref="EndGame"/>).
/// </summary>
internal sealed class PiecePicker
{
    private const int RandomFirstPieces = 4;

    private readonly Torrent _torrent;
    private readonly SegmentPool _pool;
    private readonly PieceOrder _order;
    private readonly PieceState[] _states;
    private readonly List<OpenPiece> _openList = [];
    private readonly HashSet<int> _onParole = [];
    private readonly int _segmentLength;
    private int _firstQueued;

    public PiecePicker(Torrent torrent, SegmentPool pool, Bitfield wanted, Bitfield have, bool sequential, Random? random = null)
    {
        _torrent = torrent;
        _pool = pool;
        _segmentLength = SegmentPool.SegmentLength(torrent.PieceLength);
        _order = new PieceOrder(torrent.PieceCount, random);
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
                _states[piece] = PieceState.Queued;
                _order.Enqueue(piece);
                Missing++;
            }
        }
    }

    /// <summary>The pieces that are verified and written.</summary>
    public Bitfield Have { get; }

    /// <summary>Wanted pieces that are not there yet.</summary>
    public int Missing { get; private set; }

    public bool IsSequential { get; }

    public IReadOnlyList<OpenPiece> Open => _openList;

    /// <summary>Whether every block that is missing is asked for or received.</summary>
    public bool IsEndGame
    {
        get
        {
            if (_order.QueuedCount > 0)
                return false;
            foreach (OpenPiece piece in _openList)
            {
                if (piece.FreeBlocks > 0)
                    return false;
            }

            return true;
        }
    }

    /// <summary>Whether every missing block that a peer could send is asked for or received. Other peers may still have some to be asked for.</summary>
    public bool HasNothingFreeFor(PeerState peer)
    {
        if (_order.QueuedCount > 0 && _order.Rarest(peer.Pieces) >= 0)
            return false;
        foreach (OpenPiece piece in _openList)
        {
            if (piece.FreeBlocks > 0 && peer.Pieces[piece.Index])
                return false;
        }

        return true;
    }

    public PieceState this[int piece] => _states[piece];

    public bool IsMissing(int piece) => _states[piece] is PieceState.Queued or PieceState.Open or PieceState.Verifying;

    /// <summary>Counts what a new peer has, and notes how much of it is missing here.</summary>
    public void AddPeer(PeerState peer)
    {
        bool isSeed = peer.Pieces.IsFull;
        peer.Interesting = 0;
        if (isSeed)
        {
            peer.Interesting = Missing;
            return;
        }

        for (int piece = 0; piece < _states.Length; piece++)
        {
            if (!peer.Pieces[piece])
                continue;
            _order.Increment(piece);
            if (IsMissing(piece))
                peer.Interesting++;
        }
    }

    /// <summary>Undoes <see cref="AddPeer"/>.</summary>
    public void RemovePeer(PeerState peer)
    {
        if (peer.Pieces.IsFull)
            return;
        for (int piece = 0; piece < _states.Length; piece++)
        {
            if (peer.Pieces[piece])
                _order.Decrement(piece);
        }
    }

    /// <summary>A peer has got a piece; false when it had it.</summary>
    public bool PeerHas(PeerState peer, int piece)
    {
        if (!peer.Pieces.Add(piece))
            return false;
        if (IsMissing(piece))
            peer.Interesting++;
        _order.Increment(piece);
        if (peer.Pieces.IsFull)
        {
            for (int i = 0; i < _states.Length; i++) // from now on it counts as one that has everything
                _order.Decrement(i);
        }

        return true;
    }

    /// <summary>How many connected peers that have not everything have a piece.</summary>
    public int Availability(int piece) => _order.Availability(piece);

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
        CloseIfUntouched(item.Piece);
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

    /// <summary>A piece is verified and written.</summary>
    public void Verified(int piece)
    {
        _states[piece] = PieceState.Have;
        _onParole.Remove(piece);
        Have.Add(piece);
        Missing--;
    }

    /// <summary>A piece was not what its hash says, or could not be written: it is fetched again, from one peer alone.</summary>
    public void Failed(int piece)
    {
        _states[piece] = PieceState.Queued;
        _onParole.Add(piece);
        _order.Enqueue(piece);
        _firstQueued = Math.Min(_firstQueued, piece);
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
            if (piece.FreeBlocks != piece.BlockCount - piece.ReceivedBlocks || peers.Any(peer => peer.CanBeAsked && peer.Pieces[piece.Index]))
                continue;
            wasted += piece.Drop(_pool);
            if (piece.IsUntouched)
                Requeue(piece); // else its beginning is hashed and written, and waits for the rest
        }

        return wasted;
    }

    private bool TryAdopt(PeerState peer, out Outstanding picked)
    {
        foreach (OpenPiece piece in _openList)
        {
            if ((piece.Owner is null || piece.Owner == peer) && piece.FreeBlocks > 0 && peer.Pieces[piece.Index] && TryTake(piece, peer, out picked))
            {
                piece.Owner = peer;
                peer.Current = piece;
                return true;
            }
        }

        picked = default;
        return false;
    }

    private bool TryBegin(PeerState peer, out Outstanding picked)
    {
        picked = default;
        if (_order.QueuedCount == 0)
            return false;
        int index = IsSequential ? First(peer.Pieces) : Have.Count < RandomFirstPieces ? _order.Any(peer.Pieces) : _order.Rarest(peer.Pieces);
        if (index < 0 || !_pool.TryReserve(_segmentLength))
            return false;
        var piece = new OpenPiece(index, _torrent.LengthOfPiece(index), _segmentLength)
        {
            Owner = peer,
            IsOnParole = _onParole.Contains(index),
            ReservedSegments = 1,
        };
        _order.Dequeue(index);
        _states[index] = PieceState.Open;
        _openList.Add(piece);
        peer.Current = piece;
        return TryTake(piece, peer, out picked);
    }

    private int First(Bitfield has)
    {
        while (_firstQueued < _states.Length && !_order.IsQueued(_firstQueued))
            _firstQueued++;
        for (int piece = _firstQueued; piece < _states.Length; piece++)
        {
            if (_order.IsQueued(piece) && has[piece])
                return piece;
        }

        return -1;
    }

    /// <summary>Takes a block of a piece that another peer is at: of the one that has most to do. A piece on parole is taken over, and only from a peer that is much slower.</summary>
    private bool TryShare(PeerState peer, out Outstanding picked)
    {
        OpenPiece? most = null;
        bool hasRoom = _pool.HasRoom(_segmentLength);
        foreach (OpenPiece piece in _openList)
        {
            if (piece.FreeBlocks <= (most?.FreeBlocks ?? 0) || !peer.Pieces[piece.Index])
                continue;
            if (piece.IsOnParole && piece.Owner is { } owner && owner.Rate * EndGame.MuchSlower >= peer.Rate)
                continue;
            if (hasRoom || piece.SegmentOf(piece.NextFree()) < piece.ReservedSegments)
                most = piece;
        }

        picked = default;
        if (most is null || !TryTake(most, peer, out picked))
            return false;
        if (most.IsOnParole)
        {
            if (most.Owner is { } slow && slow.Current == most)
                slow.Current = null;
            most.Owner = peer;
            peer.Current = most;
        }

        return true;
    }

    private bool CanReserveNext(OpenPiece piece)
    {
        if (piece.SegmentOf(piece.NextFree()) < piece.ReservedSegments)
            return true;
        if (!_pool.TryReserve(_segmentLength))
            return false;
        piece.ReservedSegments++;
        return true;
    }

    private bool TryTake(OpenPiece piece, PeerState peer, out Outstanding picked)
    {
        int block = piece.NextFree();
        if (block < 0 || !CanReserveNext(piece))
        {
            picked = default;
            return false;
        }

        piece.AddRequester(block, peer);
        picked = new Outstanding(piece, block);
        return true;
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
        _order.Enqueue(piece.Index);
        _firstQueued = Math.Min(_firstQueued, piece.Index);
    }

    private void Close(OpenPiece piece)
    {
        if (piece.Owner is { } owner && owner.Current == piece)
            owner.Current = null;
        piece.IsClosed = true;
        _openList.Remove(piece);
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
    }
}
