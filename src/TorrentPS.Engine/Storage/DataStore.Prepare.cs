using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage;

/// <summary>Making the files.</summary>
internal sealed partial class DataStore
{
    /// <summary>
    /// Makes the folders and the wanted files, at their full length but taking no room yet (sparse). A file that is too short is
    /// lengthened. One that is too long is cut and listed in <see cref="TrimmedFiles"/>: it cannot be the torrent's as it is, and its
    /// bytes are checked before any is trusted. Everything is looked at before anything is made.
    /// </summary>
    /// <exception cref="TorrentException">
    /// A folder is where a file belongs, the reverse, or access is denied (AccessDenied); there is no room (DiskFull); a link leads out of the destination (UnsafePath).
    /// </exception>
    public void Prepare()
    {
        if (_readOnly)
            return;
        long needed = 0;
        HashSet<string> folders = [_folder.Path];
        List<int> unfinished = [];
        for (int i = 0; i < Torrent.Files.Count; i++)
        {
            if (!_layout.IsWanted(i))
                continue;
            long length = Torrent.Files[i].Length;
            _folder.CheckLinks(_paths[i]);
            long present = LengthOnDisk(i);
            if (present < 0 && Directory.Exists(_paths[i]))
                throw new TorrentException(TorrentErrorId.AccessDenied, $"'{_paths[i]}' is a folder, but a file of that name is to be downloaded; move it away or choose another destination.");
            folders.Add(Path.GetDirectoryName(_paths[i])!);
            if (present != length)
                unfinished.Add(i);

            // How much of a file that is there takes room already cannot be told, so only new files count.
            if (present < 0)
                needed += length;
        }

        foreach (string folder in folders)
            _folder.CreateFolder(folder);
        CheckRoom(needed);
        foreach (int file in unfinished)
            MakeFile(file);
        _prepared = true;
    }

    private void MakeFile(int file)
    {
        string path = _paths[file];
        long length = Torrent.Files[file].Length;
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, ShareAll);
            long present = RandomAccess.GetLength(handle);
            if (present > length)
                _trimmed.Add(path);
            if (present != length)
                SparseFile.SetLength(handle, length);
            _fresh[file] = present == 0;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, path, "cannot be created");
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
