namespace TorrentPS.Engine.Swarm.Picking;

/// <content>What the fast extension (BEP 6) adds to the choice, and peers that have a piece no longer.</content>
internal sealed partial class PiecePicker
{
    /// <summary>The next free block to ask a peer for while it chokes us; false when it allows none that is of use.</summary>
    public bool TryPickAllowed(PeerState peer, out Outstanding picked)
    {
        picked = default;
        foreach (int index in peer.AllowedFast)
        {
            if (!peer.Pieces[index])
                continue;
            if (_states[index] == PieceState.Queued)
                return _pool.HasRoom(_segmentLength) && TryOpen(index, peer, out picked);
            if (_states[index] == PieceState.Open && FindOpen(index) is { } piece && (piece.Owner is null || piece.Owner == peer) && TryTake(piece, peer, out picked))
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
        if (FindOpen(piece) is { } open && open.Owner == peer)
        {
            open.Owner = null;
            if (peer.Current == open)
                peer.Current = null;
        }

        return true;
    }

    private OpenPiece? FindOpen(int index)
    {
        foreach (OpenPiece piece in _openList)
        {
            if (piece.Index == index)
                return piece;
        }

        return null;
    }
}
