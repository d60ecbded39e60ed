using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>Picks blocks in a row, for sources that are asked for runs of bytes (BEP 19). Their memory is set aside when they come, since they come in order.</summary>
/// <param name="picker">The pieces and their states.</param>
/// <param name="torrent">The torrent.</param>
/// <param name="open">The pieces that are being put together.</param>
internal sealed class RunPicker(PiecePicker picker, Torrent torrent, OpenPieces open)
{
    /// <summary>
    /// Finds blocks in a row to ask a source for, now noted as asked: those of a piece that was left, else of queued pieces that follow each other, else
    /// of a piece that another peer is at.
    /// </summary>
    /// <param name="source">The source.</param>
    /// <param name="from">Where the search for queued pieces begins.</param>
    /// <param name="length">How many bytes at most, though always a piece.</param>
    /// <param name="run">Gets the blocks in order.</param>
    public bool TryClaim(PeerState source, int from, long length, List<Outstanding> run)
    {
        if (FindLeft(source) is { } left)
        {
            left.Owner = source;
            Claim(left, source, run);
            return true;
        }

        if (picker.Order is { } order && (picker.IsSequential ? order.Next(source.Pieces) : order.FirstFrom(source.Pieces, from)) is >= 0 and int first)
        {
            bool isUrgent = order.IsUrgent(first);
            for (int index = first; index < torrent.PieceCount && picker[index] == PieceState.Queued && source.Pieces[index]; index++)
            {
                length -= torrent.LengthOfPiece(index);
                if (index > first && (length < 0 || (isUrgent && !order.IsUrgent(index))))
                    break;
                Claim(picker.Begin(index, source), source, run);
                if (torrent.DataLengthOfPiece(index) < torrent.PieceLength)
                    break; // what follows is padding or a gap (BEP 47, 52)
            }

            return true;
        }

        OpenPiece? most = null;
        for (int i = 0; open.NextFree(i) is { } piece; i++)
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
        OpenPiece? piece = picker[index] == PieceState.Queued ? picker.Begin(index, source) : picker[index] == PieceState.Open ? open.Find(index) : null;
        if (piece is null || piece.IsReceived(block))
            return false;
        taken = new Outstanding(piece, block);
        return true;
    }

    private OpenPiece? FindLeft(PeerState source)
    {
        for (int i = 0; open.NextFree(i) is { } piece; i++)
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
}
