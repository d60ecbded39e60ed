using System.Collections.Concurrent;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Examines pieces on disk without changing them, and continues after unreadable ones.</summary>
internal sealed class PieceExaminer(StoredFiles files, PieceVerifier verifier, PieceLayers? layers)
{
    private readonly ConcurrentDictionary<int, TorrentException> _unreadable = new();

    /// <summary>
    /// Hashes pieces on all cores, and reports the state of each. Nothing is written. Unreadable data does not end it. Bytes of missing files are looked for in the parts
    /// file, where a download with another selection may have stored those of shared pieces.
    /// </summary>
    /// <param name="pieces">The pieces, in order.</param>
    /// <param name="lengths">The lengths of the files, and of the parts file after the last; -1 for a missing file.</param>
    /// <param name="examined">Receives each piece with its state; from any thread.</param>
    /// <param name="piecesDone">Receives the number of examined pieces; from any thread.</param>
    /// <param name="cancellationToken">Cancels within one read.</param>
    public async Task RunAsync(List<int> pieces, long[] lengths, Action<int, PieceCondition> examined, Action<int>? piecesDone, CancellationToken cancellationToken)
    {
        verifier.CheckCanVerify();
        files.Absent = [.. lengths.Select(length => length < 0)];
        ConcurrentBag<int> unknown = [];
        await new PieceCrew(pieces, files.Torrent.PieceLength, piecesDone).RunAsync((piece, worker) =>
        {
            PieceCondition condition = Examine(piece, lengths, worker);
            // A piece without a known hash is verified only together with its whole file.
            if (condition == PieceCondition.Wrong && files.Torrent.Version == TorrentVersion.V2 && !layers!.IsKnown(piece))
                unknown.Add(piece);
            else
                examined(piece, condition);
        }, cancellationToken).ConfigureAwait(false);
        foreach (int piece in unknown)
            examined(piece, verifier.IsKnownByNow(piece) ? PieceCondition.Right : PieceCondition.Incomplete);
    }

    /// <summary>Why a file could not be read during the examination; null if it could.</summary>
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

    /// <summary>Reads the piece file by file, to find the unreadable ones.</summary>
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
