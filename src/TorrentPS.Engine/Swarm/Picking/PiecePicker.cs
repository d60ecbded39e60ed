using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Decides which block is asked for next, of which peer. A peer first goes on with the piece it began; then it adopts an open piece whose
/// peer is gone (partial pieces first); then it begins the rarest queued piece; only when memory or pieces run out it shares another peer's
/// piece. When no block is free any more, it asks again for blocks that slower peers owe (<see cref="EndGame"/>).
/// </summary>
internal sealed class PiecePicker
{
    private const int RandomFirstPieces = 4;

    private readonly Torrent _torrent;
    private readonly PieceState[] _states;
    private readonly Bitfield _missing;
    private readonly OpenPieces _open;
    private readonly HashSet<int> _onParole = [];
    private readonly int _segmentLength;
    private PieceOrder? _order; // none when nothing is missing

    public PiecePicker(Torrent torrent, SegmentPool pool, Bitfield wanted, Bitfield have, bool sequential, Random? random = null, Func<int, bool>? isWithheld = null, Bitfield? urgent = null)
    {
        _torrent = torrent;
        _segmentLength = SegmentPool.SegmentLength(torrent.PieceLength);
        _open = new OpenPieces(pool, _segmentLength);
        _missing = new Bitfield(torrent.PieceCount);
        _states = new PieceState[torrent.PieceCount];
        IsSequential = sequential;
        Have = have;
        Runs = new RunPicker(this, torrent, _open);
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

    /// <summary>The queued pieces in their order; null when nothing is missing.</summary>
    public PieceOrder? Order => _order;

    /// <summary>Picks blocks in a row.</summary>
    public RunPicker Runs { get; }

    public IReadOnlyList<OpenPiece> Open => _open.All;

    /// <summary>Whether every block that is missing is asked for or received.</summary>
    public bool IsEndGame => _order is not { QueuedCount: > 0 } && _open.NextFree(0) is null;

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

        for (int i = 0; _open.NextFree(i) is { } piece; i++)
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
        for (int i = 0; _open.NextFree(i) is { } piece; i++)
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
        _open.ListFree(item.Piece);
        CloseIfUntouched(item.Piece);
    }

    /// <summary>Frees all that a peer is noted for, whatever it itself is known to owe: a fault may have cut short the change of both.</summary>
    public void ReleaseAllOf(PeerState peer)
    {
        for (int i = _open.All.Count - 1; i >= 0; i--)
        {
            OpenPiece piece = _open.All[i];
            for (int block = 0; block < piece.BlockCount; block++)
                piece.RemoveRequester(block, peer);
            _open.ListFree(piece);
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

    /// <inheritdoc cref="OpenPieces.Disown"/>
    public void Disown(PeerState peer) => _open.Disown(peer);

    /// <summary>All blocks of a piece have arrived.</summary>
    public void Completed(OpenPiece piece)
    {
        _states[piece.Index] = PieceState.Verifying;
        _open.Close(piece);
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
        OpenPiece opened = new(piece, _torrent.DataLengthOfPiece(piece), _segmentLength, kept);
        _states[piece] = PieceState.Open;
        _open.Add(opened);
    }

    /// <summary>
    /// Gives up the open pieces that no connected peer can finish, so that their memory serves others. Returns the bytes that were received in vain.
    /// </summary>
    public long AbandonUnfinishable(IReadOnlyCollection<PeerState> peers)
    {
        long wasted = 0;
        for (int i = _open.All.Count - 1; i >= 0; i--)
        {
            OpenPiece piece = _open.All[i];
            if (piece.FreeBlocks != piece.BlockCount - piece.ReceivedBlocks || piece.ReservedSegments == piece.FlushedSegments || CanAnyFinish(piece, peers))
                continue;
            wasted += _open.Drop(piece);
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
        _open.Abandon(piece);
        _states[piece.Index] = PieceState.Queued;
        _order!.Enqueue(piece.Index);
    }

    /// <summary>Opens a queued piece, without a block asked for or memory set aside.</summary>
    public OpenPiece Begin(int index, PeerState owner)
    {
        var piece = new OpenPiece(index, _torrent.DataLengthOfPiece(index), _segmentLength) { Owner = owner, IsOnParole = _onParole.Contains(index) };
        _order!.Dequeue(index);
        _states[index] = PieceState.Open;
        _open.Add(piece);
        return piece;
    }

    /// <inheritdoc cref="OpenPieces.TryReserveFor"/>
    public bool TryReserveFor(OpenPiece piece, int block) => _open.TryReserveFor(piece, block);

    /// <inheritdoc cref="OpenPieces.AbandonAll"/>
    public void AbandonAll() => _open.AbandonAll();

    private bool TryAdopt(PeerState peer, out Outstanding picked)
    {
        for (int i = 0; _open.NextFree(i) is { } piece; i++)
        {
            if ((piece.Owner is null || piece.Owner == peer) && peer.Pieces[piece.Index] && TryTake(piece, peer, out picked))
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
        if (!_open.HasRoom)
            return false;
        int index = Choose(peer);
        return index >= 0 && TryOpen(index, peer, out picked);
    }

    /// <summary>Begins a queued piece with a peer, and takes its first block.</summary>
    private bool TryOpen(int index, PeerState peer, out Outstanding picked)
    {
        picked = default;
        if (!_open.TryReserveFirst())
            return false;
        OpenPiece piece = Begin(index, peer);
        piece.ReservedSegments = 1;
        peer.Current = piece;
        return TryTake(piece, peer, out picked);
    }

    /// <summary>The queued piece to begin with a peer; -1 when it has none.</summary>
    private int Choose(PeerState peer)
    {
        if (_order is null || peer.NothingQueuedAt == _order.Version)
            return -1;
        if (peer.Suggested.Count > 0 && !IsSequential && NextSuggested(peer) is >= 0 and int suggested)
            return suggested;
        int index = IsSequential ? _order.Next(peer.Pieces) : Have.Count < RandomFirstPieces ? _order.Any(peer.Pieces) : _order.Rarest(peer.Pieces);
        if (index < 0)
            peer.NothingQueuedAt = _order.Version;
        return index;
    }

    private bool HasQueuedFor(PeerState peer)
    {
        if (_order is null || peer.NothingQueuedAt == _order.Version)
            return false;
        if (_order.First(peer.Pieces) >= 0)
            return true;
        peer.NothingQueuedAt = _order.Version;
        return false;
    }

    /// <summary>Takes a block of a piece that another peer is at: of the one that has most to do. A piece on parole is taken over, and only from a peer that is much slower.</summary>
    private bool TryShare(PeerState peer, out Outstanding picked)
    {
        OpenPiece? most = null;
        bool hasRoom = _open.HasRoom;
        for (int i = 0; _open.NextFree(i) is { } piece; i++)
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

    private bool TryTake(OpenPiece piece, PeerState peer, out Outstanding picked)
    {
        int block = piece.NextFree();
        if (block < 0 || !_open.TryReserveFor(piece, block))
        {
            picked = default;
            return false;
        }

        piece.AddRequester(block, peer);
        picked = new Outstanding(piece, block);
        return true;
    }

    /// <summary>The next free block to ask a peer for while it chokes us; false when it allows none that is of use.</summary>
    public bool TryPickAllowed(PeerState peer, out Outstanding picked)
    {
        picked = default;
        foreach (int index in peer.AllowedFast)
        {
            if (!peer.Pieces[index])
                continue;
            if (_states[index] == PieceState.Queued)
                return _open.HasRoom && TryOpen(index, peer, out picked);
            if (_states[index] == PieceState.Open && _open.Find(index) is { } piece && (piece.Owner is null || piece.Owner == peer) && TryTake(piece, peer, out picked))
            {
                piece.Owner = peer;
                return true;
            }
        }

        return false;
    }

    /// <summary>A queued piece that a peer suggests, and has; -1 when there is none.</summary>
    private int NextSuggested(PeerState peer)
    {
        while (peer.Suggested.TryDequeue(out int piece))
        {
            if (_states[piece] == PieceState.Queued && peer.Pieces[piece])
                return piece;
        }

        return -1;
    }

    /// <summary>A peer has a piece no longer, or will not send it; false when it had not. What it owes of it is the caller's to release.</summary>
    public bool PeerLacks(PeerState peer, int piece)
    {
        if (!peer.Pieces[piece])
            return false;
        bool wasFull = peer.Pieces.IsFull;
        peer.Pieces.Remove(piece);
        if (wasFull)
            _order?.Add(peer.Pieces); // until now it was not counted
        else
            _order?.Decrement(piece);
        if (IsMissing(piece))
            peer.Interesting--;
        if (_open.Find(piece) is { } open && open.Owner == peer)
        {
            open.Owner = null;
            if (peer.Current == open)
                peer.Current = null;
        }

        return true;
    }
}
