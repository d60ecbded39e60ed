using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// What other programs do with the same files meanwhile. The time of the last write is looked at before each of ours and at the end: when it is another than
/// after ours, someone else has written, and then all of the file is verified.
/// </summary>
internal sealed partial class DataStore
{
    private readonly long[] _written; // when each file was written last, as far as is known here; 0 when it is not
    private readonly bool[] _touched; // by others

    /// <summary>Verifies the files that others have written since they were prepared. To be called when everything is written and flushed.</summary>
    /// <returns>The pieces that are no longer right.</returns>
    /// <exception cref="TorrentException">A file cannot be read (AccessDenied).</exception>
    public async Task<Bitfield> FindOverwrittenAsync(CancellationToken cancellationToken)
    {
        Bitfield doubtful = new(Torrent.PieceCount);
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (!_layout.IsWanted(file) || !Volatile.Read(ref _touched[file]))
                continue;
            (int first, int last) = _layout.PiecesOf(file);
            for (int piece = first; piece <= last; piece++)
                doubtful.Add(piece);
        }

        if (doubtful.IsEmpty)
            return doubtful;
        Bitfield good = await VerifyAsync(piece => doubtful[piece], null, cancellationToken).ConfigureAwait(false);
        for (int piece = 0; piece < good.Length; piece++)
        {
            if (good[piece])
                doubtful.Remove(piece);
        }

        return doubtful;
    }

    /// <summary>Says which files others have damaged.</summary>
    /// <param name="overwritten">What <see cref="FindOverwrittenAsync"/> found.</param>
    public string DescribeOverwritten(Bitfield overwritten)
    {
        int piece = 0;
        while (!overwritten[piece])
            piece++;
        int file = 0;
        foreach (FileSegment segment in _layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            file = segment.File;
            if (Volatile.Read(ref _touched[file]))
                break;
        }

        string pieces = overwritten.Count == 1 ? "a piece is" : $"{overwritten.Count} pieces are";
        return $"'{_paths[file]}' was written by another program while it was downloaded, and {pieces} no longer right. End that program and start the download again: only what is wrong is fetched.";
    }

    private void LookForOthers(int file, SafeFileHandle handle)
    {
        if (_written[file] != 0)
            LookForOthers(file, FileStatus.WrittenTo(handle));
    }

    private void LookForOthers(int file, long written)
    {
        // Windows tells the time of a file that is being written only when it is closed.
        if (_written[file] != 0 && _written[file] != written && file != PartsIndex && !OperatingSystem.IsWindows())
            Volatile.Write(ref _touched[file], true);
    }
}
