using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Whether the files are still where they were made.</summary>
internal sealed partial class DataStore
{
    /// <summary>
    /// Looks whether the destination and the files in use are still there. Costs a look at each of the few open files.
    /// </summary>
    /// <exception cref="TorrentException">The destination is gone (AccessDenied), or a file is (DataMismatch).</exception>
    public void CheckPresence()
    {
        CheckDestination();
        foreach (int file in _handles.OpenFiles())
        {
            if (file != PartsIndex && DiskFile.Look(_paths[file]) is null)
                throw Removed(file);
        }
    }

    /// <summary>Takes away the pieces of wanted files that are not there.</summary>
    public void RemoveMissing(Bitfield have)
    {
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (!_layout.IsWanted(file) || Torrent.Files[file].Length == 0 || DiskFile.Look(_paths[file]) is not null)
                continue;
            (int first, int last) = _layout.PiecesOf(file);
            for (int piece = first; piece <= last; piece++)
                have.Remove(piece);
        }
    }

    /// <summary>Nothing may make the destination anew when it was there: a disk that was taken out would be written to the folder where it belongs.</summary>
    private void CheckDestination()
    {
        if (_prepared && !Directory.Exists(_folder.Path))
            throw new TorrentException(TorrentErrorId.AccessDenied, $"'{_folder.Path}' is gone: it was removed or renamed, or its disk is no longer there. Bring it back, or start again with another destination.");
    }

    private TorrentException Removed(int file)
    {
        CheckDestination();
        return new TorrentException(TorrentErrorId.DataMismatch, $"'{_paths[file]}' was removed or replaced while it was downloaded; start the download again.");
    }

    /// <summary>Whether the file at its path has the right length, and is the one that is open.</summary>
    private bool IsInPlace(int file)
    {
        FileStatus found = FileStatus.At(_paths[file]);
        if (found.Kind != EntryKind.File || found.Length != Torrent.Files[file].Length)
            return false;
        LookForOthers(file, found.Written);
        if (OperatingSystem.IsWindows()) // there, the time of an open file is not yet that of its path
            return true;
        return !_handles.TryRentOpen(file, out FileHandleCache.Lease lease) || IsSame(lease, found);
    }

    private static bool IsSame(FileHandleCache.Lease lease, FileStatus found)
    {
        using (lease)
            return FileStatus.WrittenTo(lease.Handle) == found.Written;
    }
}
