using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Decides which block is requested next, from which peer. A peer first continues the piece it began; then it adopts an open piece whose peer has left (partial pieces
/// first); then it begins the rarest queued piece; only when memory or pieces run out does it share another peer's piece. When no block is free, it requests blocks that
/// slower peers owe (<see cref="EndGame"/>).
/// </summary>
internal sealed class PiecePicker
{
    private const int RandomFirstPieces = 4;

    private readonly Torrent _torrent;
    private readonly PieceState[] _states;
    private readonly Bitfield _missing;
    private readonly Bitfield? _urgent;
    private readonly Random? _random;
    private readonly Func<int, bool>? _isWithheld;
    private readonly OpenPieces _open;
    private readonly HashSet<int> _onParole = [];
    private readonly int _segmentLength;
    private PieceOrder? _order; // null if nothing is missing

    public PiecePicker(Torrent torrent, SegmentPool pool, Bitfield wanted, Bitfield have, bool sequential, Random? random = null, Func<int, bool>? isWithheld = null, Bitfield? urgent = null)
    {
        (_torrent, _urgent, _random, _isWithheld) = (torrent, urgent, random, isWithheld);
        _segmentLength = SegmentPool.SegmentLength(torrent.PieceLength);
        _open = new OpenPieces(pool, _segmentLength);
        _missing = new Bitfield(torrent.PieceCount);
        _states = new PieceState[torrent.PieceCount];
        IsSequential = sequential;
        Have = have;
        Guide = new PieceGuide(have, random);
        Runs = new RunPicker(this, torrent, _open);
        Deadlines = new DeadlinePicker(this, _open);
        Urgency = new PieceUrgency(torrent.PieceCount);
        for (int piece = 0; piece < torrent.PieceCount; piece++)
        {
            if (have[piece])
            {
                _states[piece] = PieceState.Have;
            }
            else if (wanted[piece])
            {
                _order ??= new PieceOrder(torrent.PieceCount, random, urgent);
                Miss(piece);
            }
        }
    }

    private void Miss(int piece)
    {
        _missing.Add(piece);
        _states[piece] = _isWithheld?.Invoke(piece) == true ? PieceState.Withheld : PieceState.Queued;
        if (_states[piece] == PieceState.Queued)
            _order!.Enqueue(piece);
    }

    /// <summary>The verified and written pieces.</summary>
    public Bitfield Have { get; }

    /// <summary>The number of wanted pieces that are missing.</summary>
    public int Missing => _missing.Count;

    public bool IsSequential { get; }

    /// <summary>The queued pieces in order; null if nothing is missing.</summary>
    public PieceOrder? Order => _order;

    /// <summary>Chooses what peers are suggested of what we have.</summary>
    public PieceGuide Guide { get; }

    /// <summary>Picks consecutive blocks.</summary>
    public RunPicker Runs { get; }

    /// <summary>Picks blocks of pieces with a deadline.</summary>
    public DeadlinePicker Deadlines { get; }

    /// <summary>The priorities of pieces, by their files.</summary>
    public PieceUrgency Urgency { get; }

    public IReadOnlyList<OpenPiece> Open => _open.All;

    /// <summary>Whether every missing block is requested or received.</summary>
    public bool IsEndGame => _order is not { QueuedCount: > 0 } && _open.NextFree(0) is null;

    /// <summary>Whether one of the sources has a block that is not requested.</summary>
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

    /// <summary>Whether every missing block that a peer could send is requested or received. Other peers may still have free ones.</summary>
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

    /// <summary>Counts the pieces of a new peer, and how many of them are missing here.</summary>
    public void AddPeer(PeerState peer)
    {
        Guide.Add(peer);
        peer.NothingQueuedAt = 0;
        peer.Interesting = peer.Pieces.IsFull ? Missing : peer.Pieces.CountCommon(_missing);
        if (!peer.Pieces.IsFull)
            _order?.Add(peer.Pieces);
    }

    /// <summary>Reverts <see cref="AddPeer"/>.</summary>
    public void RemovePeer(PeerState peer)
    {
        Guide.Remove(peer);
        if (!peer.Pieces.IsFull)
            _order?.Remove(peer.Pieces);
    }

    /// <summary>A peer has a new piece; false if it already had it.</summary>
    public bool PeerHas(PeerState peer, int piece)
    {
        if (!peer.Pieces.Add(piece))
            return false;
        Guide.PeerHas(peer, piece);
        peer.NothingQueuedAt = 0;
        if (IsMissing(piece))
            peer.Interesting++;
        _order?.Increment(piece);
        if (peer.Pieces.IsFull)
            _order?.Remove(peer.Pieces); // from now on it counts as a peer that has everything
        return true;
    }

    /// <summary>The number of connected incomplete peers that have a piece; not counted when nothing is missing.</summary>
    public int Availability(int piece) => _order?.Availability(piece) ?? 0;

    /// <summary>The next free block for a peer, which is now marked as requested; false if there is none.</summary>
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

        return TryTakeSuggested(peer, out picked)
            || TryAdopt(peer, out picked)
            || TryBegin(peer, out picked)
            || TryShare(peer, out picked);
    }

    /// <summary>A peer no longer owes a block.</summary>
    public void Release(PeerState peer, Outstanding item)
    {
        if (item.IsReleased)
            return;
        item.Piece.RemoveRequester(item.Block, peer);
        _open.ListFree(item.Piece);
        CloseIfUntouched(item.Piece);
    }

    /// <summary>Releases all requests to a peer, whatever its own state says: a fault may have interrupted the change of both.</summary>
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

    /// <summary>A late peer sends again: the blocks that it owes and that were not requested from others are its own again.</summary>
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

    /// <summary>The same block of the piece as it was begun again after it was given up; false when it is not missing there, or there is no memory for it.</summary>
    public bool TryFind(Outstanding given, out Outstanding again)
    {
        again = default;
        if (_open.Find(given.Piece.Index) is not { IsOnParole: false } piece || piece.IsReceived(given.Block) || !_open.TryReserveFor(piece, given.Block))
            return false;
        again = new Outstanding(piece, given.Block, given.IsReleased);
        return true;
    }

    /// <inheritdoc cref="OpenPieces.Disown"/>
    public void Disown(PeerState peer) => _open.Disown(peer);

    /// <summary>All blocks of a piece were received.</summary>
    public void Completed(OpenPiece piece)
    {
        _states[piece.Index] = PieceState.Verifying;
        _open.Close(piece);
    }

    /// <summary>The hash of a piece became known.</summary>
    public void Admit(int piece)
    {
        if (_states[piece] != PieceState.Withheld)
            return;
        _states[piece] = PieceState.Queued;
        _order!.Enqueue(piece);
    }

    /// <summary>Pieces become wanted.</summary>
    /// <param name="pieces">The pieces.</param>
    /// <param name="sources">The sources of blocks.</param>
    public void Want(IEnumerable<int> pieces, IReadOnlyList<PeerState> sources)
    {
        foreach (int piece in pieces)
        {
            if (_states[piece] != PieceState.NotWanted)
                continue;
            _order ??= PieceOrder.Of(sources, _torrent.PieceCount, _random, _urgent);
            Miss(piece);
        }

        MissingChanged(sources);
    }

    /// <summary>
    /// Pieces are no longer wanted. A piece in progress stays missing until <see cref="GiveUp"/>, one being verified until the result.
    /// </summary>
    /// <param name="pieces">The pieces.</param>
    /// <param name="sources">The sources of blocks.</param>
    public void Unwant(IEnumerable<int> pieces, IReadOnlyList<PeerState> sources)
    {
        foreach (int piece in pieces)
        {
            Deadlines.Clear(piece);
            if (_states[piece] is not (PieceState.Queued or PieceState.Withheld))
                continue;
            _order!.Dequeue(piece);
            _states[piece] = PieceState.NotWanted;
            _missing.Remove(piece);
        }

        MissingChanged(sources);
    }

    /// <summary>Gives up an open piece that is no longer wanted and has no outstanding requests. Returns the number of bytes received in vain.</summary>
    public long GiveUp(OpenPiece piece)
    {
        long wasted = _open.Drop(piece);
        _open.Abandon(piece);
        _states[piece.Index] = PieceState.NotWanted;
        _missing.Remove(piece.Index);
        return wasted;
    }

    private void MissingChanged(IReadOnlyList<PeerState> sources)
    {
        if (Missing == 0)
            _order = null;
        foreach (PeerState source in sources)
        {
            source.NothingQueuedAt = 0;
            if (source.Interesting != int.MaxValue) // such as a web seed, which has everything
                source.Interesting = source.Pieces.IsFull ? Missing : source.Pieces.CountCommon(_missing);
        }
    }

    /// <summary>An unwanted piece was found complete.</summary>
    public void Found(int piece)
    {
        if (_states[piece] != PieceState.NotWanted)
            return;
        _states[piece] = PieceState.Have;
        Have.Add(piece);
        Guide.Got(piece);
    }

    /// <summary>A piece was verified and written.</summary>
    public void Verified(int piece)
    {
        Deadlines.Clear(piece);
        _states[piece] = PieceState.Have;
        _onParole.Remove(piece);
        Have.Add(piece);
        Guide.Got(piece);
        _missing.Remove(piece);
        if (Missing == 0)
            _order = null; // a seed picks nothing
    }

    /// <summary>A verified piece has changed, and is fetched again. Other pieces must be missing: a seed picks nothing.</summary>
    public void Lost(int piece)
    {
        Have.Remove(piece);
        Guide.Lost(piece);
        _missing.Add(piece);
        _states[piece] = PieceState.Queued;
        _order!.Enqueue(piece);
    }

    /// <summary>A verified piece has changed, and is not fetched again.</summary>
    public void Withdraw(int piece)
    {
        Have.Remove(piece);
        Guide.Lost(piece);
        _states[piece] = PieceState.Withdrawn;
    }

    /// <summary>A piece had a wrong hash, or could not be written: it is fetched again, from a single peer.</summary>
    public void Failed(int piece)
    {
        _states[piece] = PieceState.Queued;
        _onParole.Add(piece);
        _order!.Enqueue(piece);
    }

    /// <summary>A piece had a wrong hash, but some of its blocks are correct and on disk: only the others are fetched again, from any peer.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="kept">The correct blocks; some, but not all.</param>
    public void Repair(int piece, bool[] kept)
    {
        OpenPiece opened = new(piece, _torrent.DataLengthOfPiece(piece), _segmentLength, kept);
        _states[piece] = PieceState.Open;
        _open.Add(opened);
    }

    /// <summary>
    /// Abandons the open pieces that no connected peer can finish, so that others get their memory. Returns the number of wasted bytes.
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
                Requeue(piece); // otherwise its beginning is hashed and written, and waits for the rest
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

    /// <summary>Opens a queued piece, without requesting blocks or reserving memory.</summary>
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

    /// <summary>Begins a queued piece with a peer, and picks its first block.</summary>
    public bool TryOpen(int index, PeerState peer, out Outstanding picked)
    {
        picked = default;
        if (!_open.TryReserveFirst())
            return false;
        OpenPiece piece = Begin(index, peer);
        piece.ReservedSegments = 1;
        peer.Current = piece;
        return TryTake(piece, peer, out picked);
    }

    /// <summary>The queued piece to begin with a peer; -1 if it has none.</summary>
    private int Choose(PeerState peer)
    {
        if (_order is null || peer.NothingQueuedAt == _order.Version)
            return -1;
        Bitfield pieces = Urgency.Preferred(_order, peer.Pieces);
        int index = IsSequential ? _order.Next(pieces) : Have.Count < RandomFirstPieces ? _order.Any(pieces) : _order.Rarest(pieces);
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

    /// <summary>Picks a block of another peer's piece: of the peer with most left to send. A piece on parole is taken over, and only from a much slower peer.</summary>
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

    /// <summary>Takes the next free block of an open piece for a peer; false if there is none, or no memory for it.</summary>
    public bool TryTake(OpenPiece piece, PeerState peer, out Outstanding picked)
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

    /// <summary>The next free block for a peer that chokes us; false if it allows none that we need.</summary>
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

    /// <summary>Begins a piece that the peer suggests, or goes on with it where no other is at it.</summary>
    private bool TryTakeSuggested(PeerState peer, out Outstanding picked)
    {
        while (!IsSequential && Urgency.AreEqual && peer.Suggested.TryTake(out int index))
        {
            if (!peer.Pieces[index])
                continue;
            if (_states[index] == PieceState.Queued && _open.HasRoom && TryOpen(index, peer, out picked))
                return true;
            if (_states[index] == PieceState.Open && _open.Find(index) is { Owner: null } piece && TryTake(piece, peer, out picked))
            {
                piece.Owner = peer;
                peer.Current = piece;
                return true;
            }
        }

        picked = default;
        return false;
    }

    /// <summary>A peer no longer has a piece, or does not send it; false if it did not have it. The caller releases its requests.</summary>
    public bool PeerLacks(PeerState peer, int piece)
    {
        if (!peer.Pieces[piece])
            return false;
        bool wasFull = peer.Pieces.IsFull;
        peer.Pieces.Remove(piece);
        Guide.PeerLacks(peer, piece, wasFull);
        if (wasFull)
            _order?.Add(peer.Pieces); // it was not counted until now
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
