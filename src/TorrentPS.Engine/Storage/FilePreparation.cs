using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage;

/// <summary>Creates the files of a torrent, after their owners are known.</summary>
internal sealed class FilePreparation(StoredFiles files, FileOwners owners)
{
    /// <summary>
    /// Creates the folders and the wanted files, sparse and at full length. A file that is too short is lengthened. One that is too long is truncated only when the first
    /// byte is written to it. One with other hard links that is to be written is replaced by a copy, because the other links may be a backup. Everything is examined
    /// before anything is created.
    /// </summary>
    /// <param name="have">The existing pieces; null if unknown.</param>
    /// <exception cref="TorrentException">
    /// A folder is in the place of a file or the reverse, or access is denied (AccessDenied); there is no space (DiskFull); a link leads out of the destination
    /// (UnsafePath).
    /// </exception>
    public void Run(Bitfield? have)
    {
        if (files.IsReadOnly)
            return;
        if (files.Found is null)
            owners.Survey();
        Make(files.Wanted, have);
        files.IsPrepared = true;
    }

    /// <summary>The same for some files, which have been inspected.</summary>
    /// <param name="which">The files.</param>
    /// <param name="have">The complete pieces; null if unknown.</param>
    public void Make(IReadOnlyList<int> which, Bitfield? have)
    {
        long needed = 0;
        HashSet<string> folders = [files.Folder.Path];
        List<int> unfinished = [], linked = [];
        foreach (int file in which)
        {
            FileStatus found = files.Found![file];
            long length = files.Torrent.Files[file].Length;
            folders.Add(Path.GetDirectoryName(files.PathOf(file))!);
            bool isLinked = found.Links > 1 && !IsComplete(file, have);
            if (isLinked)
                linked.Add(file);
            if (found.Kind == EntryKind.None || found.Length < length)
                unfinished.Add(file);

            // The allocated size of an existing file is unknown, so only new files count.
            if (found.Kind == EntryKind.None)
                needed += length;
            else if (isLinked)
                needed += found.Length;
        }

        foreach (string folder in folders)
            files.Folder.CreateFolder(folder);
        CheckRoom(needed);
        foreach (int file in linked)
            files.Detach(file);
        foreach (int file in unfinished)
            files.Make(file);
    }

    private bool IsComplete(int file, Bitfield? have)
    {
        if (have is null || files.Found![file].Length != files.Torrent.Files[file].Length)
            return false;
        (int first, int last) = files.Layout.PiecesOf(file);
        for (int piece = first; piece <= last; piece++)
        {
            if (!have[piece])
                return false;
        }

        return true;
    }

    /// <summary>Fails now rather than hours later, when the disk is full.</summary>
    private void CheckRoom(long needed)
    {
        // If unknown, writing will show it.
        if (FreeSpace.Below(files.Folder.Path) is { } free && needed > free)
            throw new TorrentException(TorrentErrorId.DiskFull, $"'{files.Folder.Path}' has room for {free} bytes, but {needed} are to be downloaded; free some room, choose another destination or fewer files.");
    }
}
