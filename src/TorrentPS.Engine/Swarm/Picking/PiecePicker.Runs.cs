namespace TorrentPS.Engine.Swarm.Picking;

/// <content>Blocks in a row, for sources that are asked for runs of bytes (BEP 19). Their memory is set aside when they come, since they come in order.</content>
internal sealed partial class PiecePicker
{
    /// <summary>
    /// Finds blocks in a row to ask a source for, now noted as asked: those of a piece that was left, else of queued pieces that follow each other, else
    /// of a piece that another peer is at.
    /// </summary>
    /// <param name="source">The source.</param>
    /// <param name="from">Where the search for queued pieces begins.</param>
    /// <param name="length">How many bytes at most, though always a piece.</param>
    /// <param name="run">Gets the blocks in order.</param>
    public bool TryClaimRun(PeerState source, int from, long length, List<Outstanding> run)
    {
        if (FindLeft(source) is { } left)
        {
            left.Owner = source;
            Claim(left, source, run);
            return true;
        }

        if ((IsSequential ? _order?.Next(source.Pieces) : _order?.FirstFrom(source.Pieces, from)) is >= 0 and int first)
        {
            bool isUrgent = _order!.IsUrgent(first);
            for (int index = first; index < _states.Length && _states[index] == PieceState.Queued && source.Pieces[index]; index++)
            {
                length -= _torrent.LengthOfPiece(index);
                if (index > first && (length < 0 || (isUrgent && !_order.IsUrgent(index))))
                    break;
                Claim(OpenUnreserved(index, source), source, run);
                if (_torrent.DataLengthOfPiece(index) < _torrent.PieceLength)
                    break; // what follows is padding or a gap (BEP 47, 52)
            }

            return true;
        }

        OpenPiece? most = null;
        for (int i = 0; NextFree(i) is { } piece; i++)
        {
            if (piece.FreeBlocks > (most?.FreeBlocks ?? 0) && source.Pieces[piece.Index] && !piece.IsOnParole)
                most = piece;
        }

        if (most is null)
            return false;
        Claim(most, source, run);
        return true;
    }

    /// <summary>Takes a block that has come without being asked for, of a piece that is missing; false when it is there, or there is no memory for it.</summary>
    public bool TryTakeUnasked(int index, int block, PeerState source, out Outstanding taken)
    {
        taken = default;
        OpenPiece? piece = _states[index] == PieceState.Queued ? OpenUnreserved(index, source) : _states[index] == PieceState.Open ? FindOpen(index) : null;
        if (piece is null || piece.IsReceived(block))
            return false;
        taken = new Outstanding(piece, block);
        return true;
    }

    /// <summary>Sets memory aside for a block, and those before it; false when there is none.</summary>
    public bool TryReserveFor(OpenPiece piece, int block)
    {
        int before = piece.ReservedSegments;
        while (piece.SegmentOf(block) >= piece.ReservedSegments)
        {
            if (!piece.IsKept(piece.ReservedSegments) && !_pool.TryReserve(_segmentLength))
            {
                for (; piece.ReservedSegments > before; piece.ReservedSegments--)
                {
                    if (!piece.IsKept(piece.ReservedSegments - 1))
                        _pool.Release(_segmentLength); // a part is of no use
                }

                return false;
            }

            piece.ReservedSegments++;
        }

        return true;
    }

    private OpenPiece? FindLeft(PeerState source)
    {
        for (int i = 0; NextFree(i) is { } piece; i++)
        {
            if ((piece.Owner is null || piece.Owner == source) && source.Pieces[piece.Index])
                return piece;
        }

        return null;
    }

    /// <summary>Takes the first free blocks of a piece that follow each other.</summary>
    private static void Claim(OpenPiece piece, PeerState source, List<Outstanding> run)
    {
        for (int block = piece.NextFree(); block >= 0 && block < piece.BlockCount && piece.IsFree(block); block++)
        {
            piece.AddRequester(block, source);
            run.Add(new Outstanding(piece, block));
        }
    }

    /// <summary>Opens a queued piece without a block asked for or memory set aside.</summary>
    private OpenPiece OpenUnreserved(int index, PeerState source)
    {
        var piece = new OpenPiece(index, _torrent.DataLengthOfPiece(index), _segmentLength)
        {
            Owner = source,
            IsOnParole = _onParole.Contains(index),
            OpenIndex = _openList.Count,
        };
        _order!.Dequeue(index);
        _states[index] = PieceState.Open;
        _openList.Add(piece);
        ListFree(piece);
        return piece;
    }
}
