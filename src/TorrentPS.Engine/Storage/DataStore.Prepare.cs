using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Making the files.</summary>
internal sealed partial class DataStore
{
    /// <summary>The same where it is not known what is there.</summary>
    public void Prepare() => Prepare(null);

    /// <summary>
    /// Makes the folders and the wanted files, at their full length but taking no room yet (sparse). A file that is too short is lengthened. One that is too long
    /// is cut only when the first byte is written into it. One that has other names (hard links) and is to be written becomes a file of its own, a copy: the others
    /// are somebody's, such as a backup's. Everything is looked at before anything is made.
    /// </summary>
    /// <param name="have">The pieces that are there; null when that is not known.</param>
    /// <exception cref="TorrentException">
    /// A folder is where a file belongs, the reverse, or access is denied (AccessDenied); there is no room (DiskFull); a link leads out of the destination (UnsafePath).
    /// </exception>
    public void Prepare(Bitfield? have)
    {
        if (_readOnly)
            return;
        if (_found is null)
            Survey();
        long needed = 0;
        HashSet<string> folders = [_folder.Path];
        List<int> unfinished = [], linked = [];
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (!_layout.IsWanted(file))
                continue;
            FileStatus found = _found![file];
            long length = Torrent.Files[file].Length;
            folders.Add(Path.GetDirectoryName(_paths[file])!);
            bool isLinked = found.Links > 1 && !IsComplete(file, have);
            if (isLinked)
                linked.Add(file);
            if (found.Kind == EntryKind.None || found.Length < length)
                unfinished.Add(file);

            // How much of a file that is there takes room already cannot be told, so only new files count.
            if (found.Kind == EntryKind.None)
                needed += length;
            else if (isLinked)
                needed += found.Length;
        }

        foreach (string folder in folders)
            _folder.CreateFolder(folder);
        CheckRoom(needed);
        foreach (int file in linked)
            Detach(file);
        foreach (int file in unfinished)
            MakeFile(file);
        _prepared = true;
    }

    private bool IsComplete(int file, Bitfield? have)
    {
        if (have is null || _found![file].Length != Torrent.Files[file].Length)
            return false;
        (int first, int last) = _layout.PiecesOf(file);
        for (int piece = first; piece <= last; piece++)
        {
            if (!have[piece])
                return false;
        }

        return true;
    }

    private void MakeFile(int file)
    {
        string path = _paths[file];
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, ShareAll);
            long present = RandomAccess.GetLength(handle);
            if (present < Torrent.Files[file].Length)
                SparseFile.SetLength(handle, Torrent.Files[file].Length);
            _fresh[file] = present == 0;
            _written[file] = FileStatus.WrittenTo(handle);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, path, "cannot be created");
        }
    }

    /// <summary>Puts a copy into the place of a file that has other names, too: those then keep their bytes.</summary>
    private void Detach(int file)
    {
        string path = _paths[file];
        string copy = Path.Join(Path.GetDirectoryName(path), $".{Torrent.InfoHash.ToString()[..16]}-{file}.part");
        try
        {
            ControlFile.Check(copy);
            File.Copy(path, copy, overwrite: true);
            PatientMove.Run(copy, path, overwrite: true);
            Volatile.Write(ref _dirty[file], true);
            _written[file] = FileStatus.At(path).Written;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            TryDelete(copy);
            throw DiskErrors.From(e, path, "has other names (hard links), which must not change, and cannot be copied");
        }
    }

    /// <summary>Cuts a file that was too long when it was found.</summary>
    private void Cut(int file, SafeFileHandle handle)
    {
        if (file < PartsIndex && _found?[file].Length > Torrent.Files[file].Length && RandomAccess.GetLength(handle) > Torrent.Files[file].Length)
        {
            SparseFile.SetLength(handle, Torrent.Files[file].Length);
            _written[file] = FileStatus.WrittenTo(handle);
        }
    }

    /// <summary>The same, for a file that nothing had to be written to.</summary>
    private void CutAtEnd(int file)
    {
        if (_readOnly || !(_found?[file].Length > Torrent.Files[file].Length))
            return;
        try
        {
            if (_handles.TryRent(file, write: true, out FileHandleCache.Lease lease))
                lease.Dispose();
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, _paths[file], "cannot be written");
        }
    }

    /// <summary>Better to fail now than hours later, when the disk is full.</summary>
    private void CheckRoom(long needed)
    {
        // Where it is not known, writing will tell.
        if (FreeSpace.Below(_folder.Path) is { } free && needed > free)
            throw new TorrentException(TorrentErrorId.DiskFull, $"'{_folder.Path}' has room for {free} bytes, but {needed} are to be downloaded; free some room, choose another destination or fewer files.");
    }

    /// <summary>The length that a file has; -1 when there is no such file.</summary>
    private long LengthOnDisk(int file) => DiskFile.Look(_paths[file])?.Length ?? -1;
}
