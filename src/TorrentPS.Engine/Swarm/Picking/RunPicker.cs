using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Picks consecutive blocks, for sources from which byte ranges are requested (BEP 19). Memory is reserved when blocks arrive, because they arrive in order.
/// </summary>
/// <param name="picker">The pieces and their states.</param>
/// <param name="torrent">The torrent.</param>
/// <param name="open">The open pieces.</param>
internal sealed class RunPicker(PiecePicker picker, Torrent torrent, OpenPieces open)
{
    /// <summary>
    /// Finds consecutive blocks to request from a source, and marks them as requested: those of an abandoned piece, or of consecutive queued pieces, or of another peer's
    /// piece.
    /// </summary>
    /// <param name="source">The source.</param>
    /// <param name="from">The index from which to search for queued pieces.</param>
    /// <param name="length">The maximum number of bytes, but at least one piece.</param>
    /// <param name="run">Receives the blocks in order.</param>
    public bool TryClaim(PeerState source, int from, long length, List<Outstanding> run)
    {
        if (picker.Deadlines.First(source.Pieces) is >= 0 and int due)
        {
            Claim(picker.Begin(due, source), source, run);
            return true;
        }

        if (FindLeft(source) is { } left)
        {
            left.Owner = source;
            Claim(left, source, run);
            return true;
        }

        Bitfield pieces = picker.Order is null ? source.Pieces : picker.Urgency.Preferred(picker.Order, source.Pieces);
        if (picker.Order is { } order && (picker.IsSequential ? order.Next(pieces) : order.FirstFrom(pieces, from)) is >= 0 and int first)
        {
            bool isUrgent = order.IsUrgent(first);
            for (int index = first; index < torrent.PieceCount && picker[index] == PieceState.Queued && pieces[index]; index++)
            {
                length -= torrent.LengthOfPiece(index);
                if (index > first && (length < 0 || (isUrgent && !order.IsUrgent(index))))
                    break;
                Claim(picker.Begin(index, source), source, run);
                if (torrent.DataLengthOfPiece(index) < torrent.PieceLength)
                    break; // padding or a gap follows (BEP 47, 52)
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

    /// <summary>Accepts an unrequested block of a missing piece; false if we have it, or there is no memory for it.</summary>
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

    /// <summary>Picks the first consecutive free blocks of a piece.</summary>
    private static void Claim(OpenPiece piece, PeerState source, List<Outstanding> run)
    {
        for (int block = piece.NextFree(); block >= 0 && block < piece.BlockCount && piece.IsFree(block); block++)
        {
            piece.AddRequester(block, source);
            run.Add(new Outstanding(piece, block));
        }
    }
}
