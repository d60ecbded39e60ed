using System.Collections.Concurrent;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Looking at pieces on disk without touching them, and without ending at what cannot be read.</summary>
internal sealed class PieceExaminer(StoredFiles files, PieceVerifier verifier, PieceLayers? layers)
{
    private readonly ConcurrentDictionary<int, TorrentException> _unreadable = new();

    /// <summary>
    /// Hashes pieces on all cores, and says of each what is known of it. Nothing is written. What cannot be read does not end it. Bytes of files
    /// that are not there are looked for in the parts file, where a download of other files has put those of shared pieces.
    /// </summary>
    /// <param name="pieces">The pieces, in order.</param>
    /// <param name="lengths">The lengths of the files, and of the parts file after the last; -1 for one that is not there.</param>
    /// <param name="examined">Gets each piece with what is known of it; from any thread.</param>
    /// <param name="piecesDone">Gets how many are done; from any thread.</param>
    /// <param name="cancellationToken">Ends it within one read.</param>
    public async Task RunAsync(List<int> pieces, long[] lengths, Action<int, PieceCondition> examined, Action<int>? piecesDone, CancellationToken cancellationToken)
    {
        verifier.CheckCanVerify();
        files.Absent = [.. lengths.Select(length => length < 0)];
        ConcurrentBag<int> unknown = [];
        await new PieceCrew(pieces, files.Torrent.PieceLength, piecesDone).RunAsync((piece, worker) =>
        {
            PieceCondition condition = Examine(piece, lengths, worker);
            // Without its hash a piece is known only when all of its file is.
            if (condition == PieceCondition.Wrong && files.Torrent.Version == TorrentVersion.V2 && !layers!.IsKnown(piece))
                unknown.Add(piece);
            else
                examined(piece, condition);
        }, cancellationToken).ConfigureAwait(false);
        foreach (int piece in unknown)
            examined(piece, verifier.IsKnownByNow(piece) ? PieceCondition.Right : PieceCondition.Incomplete);
    }

    /// <summary>Why a file could not be read when it was examined; null when it could.</summary>
    public TorrentException? ReadError(int file) => _unreadable.GetValueOrDefault(file);

    private PieceCondition Examine(int piece, long[] lengths, PieceCrew.Worker worker)
    {
        if (!verifier.IsPresent(piece, files.Torrent.LengthOfPiece(piece), ByteSource.Present, lengths))
            return PieceCondition.Incomplete;
        try
        {
            return verifier.HasHash(piece, ByteSource.Present, lengths, worker) ? PieceCondition.Right : PieceCondition.Wrong;
        }
        catch (TorrentException e) when (e.ErrorId != TorrentErrorId.InvalidTorrent)
        {
            worker.Reset();
            NoteUnreadable(piece, worker);
            return PieceCondition.Unreadable;
        }
    }

    /// <summary>Reads the piece file by file, to find out which of them it was.</summary>
    private void NoteUnreadable(int piece, PieceCrew.Worker worker)
    {
        foreach (FileSegment segment in files.Layout.Segments(piece, 0, files.Torrent.LengthOfPiece(piece)))
        {
            if (files.Torrent.Files[segment.File].IsPadding)
                continue;
            try
            {
                for (int done = 0; done < segment.Length; done += worker.Buffer.Length)
                {
                    int length = Math.Min(worker.Buffer.Length, segment.Length - done);
                    files.TryRead(new FileSegment(segment.File, segment.Offset + done, length), worker.Buffer.AsSpan(0, length), ByteSource.Present);
                }
            }
            catch (TorrentException e)
            {
                _unreadable.TryAdd(segment.File, e);
            }
        }
    }
}
