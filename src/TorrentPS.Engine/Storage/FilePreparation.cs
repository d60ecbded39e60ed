using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage;

/// <summary>Making the files of a torrent, after their owners are known.</summary>
internal sealed class FilePreparation(StoredFiles files, FileOwners owners)
{
    /// <summary>
    /// Makes the folders and the wanted files, at their full length but taking no room yet (sparse). A file that is too short is lengthened. One that is too long
    /// is cut only when the first byte is written into it. One that has other names (hard links) and is to be written becomes a file of its own, a copy: the others
    /// may be a backup. Everything is looked at before anything is made.
    /// </summary>
    /// <param name="have">The pieces that are there; null when that is not known.</param>
    /// <exception cref="TorrentException">
    /// A folder is where a file belongs, the reverse, or access is denied (AccessDenied); there is no room (DiskFull); a link leads out of the destination (UnsafePath).
    /// </exception>
    public void Run(Bitfield? have)
    {
        if (files.IsReadOnly)
            return;
        if (files.Found is null)
            owners.Survey();
        long needed = 0;
        HashSet<string> folders = [files.Folder.Path];
        List<int> unfinished = [], linked = [];
        for (int file = 0; file < files.Torrent.Files.Count; file++)
        {
            if (!files.IsWanted(file))
                continue;
            FileStatus found = files.Found![file];
            long length = files.Torrent.Files[file].Length;
            folders.Add(Path.GetDirectoryName(files.PathOf(file))!);
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
            files.Folder.CreateFolder(folder);
        CheckRoom(needed);
        foreach (int file in linked)
            files.Detach(file);
        foreach (int file in unfinished)
            files.Make(file);
        files.IsPrepared = true;
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

    /// <summary>Better to fail now than hours later, when the disk is full.</summary>
    private void CheckRoom(long needed)
    {
        // Where it is not known, writing will tell.
        if (FreeSpace.Below(files.Folder.Path) is { } free && needed > free)
            throw new TorrentException(TorrentErrorId.DiskFull, $"'{files.Folder.Path}' has room for {free} bytes, but {needed} are to be downloaded; free some room, choose another destination or fewer files.");
    }
}
