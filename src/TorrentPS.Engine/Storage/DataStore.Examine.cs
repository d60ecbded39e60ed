using System.Collections.Concurrent;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Looking at what is on disk without touching it.</summary>
internal sealed partial class DataStore
{
    private readonly ConcurrentDictionary<int, TorrentException> _unreadable = new();
    private bool[] _absent = [];

    /// <summary>
    /// Hashes pieces on all cores, and says of each what is known of it. Nothing is written. What cannot be read does not end it. Bytes of files
    /// that are not there are looked for in the parts file, where a download of other files has put those of shared pieces.
    /// </summary>
    /// <param name="pieces">The pieces, in order.</param>
    /// <param name="lengths">The lengths of the files, as <see cref="LengthsOnDisk"/> gave them.</param>
    /// <param name="examined">Gets each piece with what is known of it; from any thread.</param>
    /// <param name="piecesDone">Gets how many are done; from any thread.</param>
    /// <param name="cancellationToken">Ends it within one read.</param>
    public async Task ExamineAsync(List<int> pieces, long[] lengths, Action<int, PieceCondition> examined, Action<int>? piecesDone, CancellationToken cancellationToken)
    {
        CheckCanVerify();
        _absent = [.. lengths.Select(length => length < 0)];
        ConcurrentBag<int> unknown = [];
        await new PieceCrew(pieces, Torrent.PieceLength, piecesDone).RunAsync((piece, worker) =>
        {
            PieceCondition condition = Examine(piece, lengths, worker);
            // Without its hash a piece is known only when all of its file is.
            if (condition == PieceCondition.Wrong && Torrent.Version == TorrentVersion.V2 && !Layers!.IsKnown(piece))
                unknown.Add(piece);
            else
                examined(piece, condition);
        }, cancellationToken).ConfigureAwait(false);
        foreach (int piece in unknown)
            examined(piece, IsKnownByNow(piece) ? PieceCondition.Right : PieceCondition.Incomplete);
    }

    /// <summary>The length of each file on disk, and of the parts file after the last; -1 for what is not there.</summary>
    public long[] LengthsOnDisk()
    {
        long[] lengths = new long[_paths.Length];
        for (int i = 0; i < lengths.Length; i++)
            lengths[i] = _paths[i].Length == 0 ? -1 : LengthOnDisk(i);
        return lengths;
    }

    /// <summary>Where a file is, or should be.</summary>
    public string PathOnDisk(int file) => _paths[file];

    /// <summary>Why a file could not be read when it was examined; null when it could.</summary>
    public TorrentException? ReadError(int file) => _unreadable.GetValueOrDefault(file);

    private PieceCondition Examine(int piece, long[] lengths, PieceCrew.Worker worker)
    {
        if (!IsPresent(piece, Torrent.LengthOfPiece(piece), ByteSource.Present, lengths))
            return PieceCondition.Incomplete;
        try
        {
            return HasHash(piece, ByteSource.Present, lengths, worker) ? PieceCondition.Right : PieceCondition.Wrong;
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
        foreach (FileSegment segment in _layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            if (Torrent.Files[segment.File].IsPadding)
                continue;
            try
            {
                for (int done = 0; done < segment.Length; done += worker.Buffer.Length)
                {
                    int length = Math.Min(worker.Buffer.Length, segment.Length - done);
                    TryReadSegment(new FileSegment(segment.File, segment.Offset + done, length), worker.Buffer.AsSpan(0, length), ByteSource.Present);
                }
            }
            catch (TorrentException e)
            {
                _unreadable.TryAdd(segment.File, e);
            }
        }
    }
}
