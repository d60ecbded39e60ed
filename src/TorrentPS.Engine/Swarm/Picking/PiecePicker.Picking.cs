namespace TorrentPS.Engine.Swarm.Picking;

/// <content>The choice of a piece, and of a block in it.</content>
internal sealed partial class PiecePicker
{
    private const int RandomFirstPieces = 4;

    private bool TryAdopt(PeerState peer, out Outstanding picked)
    {
        for (int i = 0; NextFree(i) is { } piece; i++)
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
        if (!_pool.HasRoom(_segmentLength))
            return false;
        int index = Choose(peer);
        return index >= 0 && TryOpen(index, peer, out picked);
    }

    /// <summary>Begins a queued piece with a peer, and takes its first block.</summary>
    private bool TryOpen(int index, PeerState peer, out Outstanding picked)
    {
        picked = default;
        if (!_pool.TryReserve(_segmentLength))
            return false;
        var piece = new OpenPiece(index, _torrent.DataLengthOfPiece(index), _segmentLength)
        {
            Owner = peer,
            IsOnParole = _onParole.Contains(index),
            ReservedSegments = 1,
            OpenIndex = _openList.Count,
        };
        _order!.Dequeue(index);
        _states[index] = PieceState.Open;
        _openList.Add(piece);
        ListFree(piece);
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
        bool hasRoom = _pool.HasRoom(_segmentLength);
        for (int i = 0; NextFree(i) is { } piece; i++)
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
        if (block < 0 || !TryReserveFor(piece, block))
        {
            picked = default;
            return false;
        }

        piece.AddRequester(block, peer);
        picked = new Outstanding(piece, block);
        return true;
    }
}
