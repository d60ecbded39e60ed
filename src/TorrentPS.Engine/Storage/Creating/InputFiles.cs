using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>
/// Finds the files to create a torrent from. Hidden files are included, links to files and folders are followed, anything else (pipes, sockets, devices) is skipped with
/// a warning, and so are this program's control files beside unfinished downloads.
/// </summary>
internal sealed class InputFiles
{
    private static readonly EnumerationOptions s_everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly string _root;
    private readonly Wildcard[] _exclude;
    private readonly string? _output;
    private readonly List<string> _warnings;
    private readonly PathEquality _equality;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<string, InputFile> _found = new(StringComparer.Ordinal);

    /// <param name="root">The folder that contains the paths in the torrent.</param>
    /// <param name="exclude">Patterns to exclude: for the path below the folder, for that with the folder's name, and for the file name.</param>
    /// <param name="output">The .torrent to be written, which is never included.</param>
    /// <param name="warnings">Receives warnings for the user.</param>
    /// <param name="equality">Compares paths.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    public InputFiles(string root, IReadOnlyList<string> exclude, string? output, List<string> warnings, PathEquality equality, CancellationToken cancellationToken)
    {
        _root = root;
        _exclude = [.. exclude.Select(pattern => new Wildcard(pattern))];
        _output = output is null ? null : Path.GetFullPath(output);
        _warnings = warnings;
        _equality = equality;
        _cancellationToken = cancellationToken;
    }

    /// <summary>The files in the order of their paths.</summary>
    public List<InputFile> InOrder(PathOrder order)
    {
        List<InputFile> files = [.. _found.Values];
        files.Sort((a, b) => order.Compare(a.Path, b.Path));
        return files;
    }

    /// <summary>Adds a file, or all files in a folder and below.</summary>
    /// <exception cref="TorrentException">Something cannot be read (AccessDenied) or does not exist (TorrentNotFound), or a link leads to a folder that contains it
    /// (UnsafePath).</exception>
    public void Add(string full)
    {
        if (Directory.Exists(full))
            AddFolder(full, Below(full));
        else
            AddFile(full, Below(full));
    }

    private string Below(string full)
    {
        int start = Path.EndsInDirectorySeparator(_root) ? _root.Length : _root.Length + 1;
        return full.Length <= start ? "" : full[start..].Replace(Path.DirectorySeparatorChar, '/');
    }

    private void AddFolder(string folder, string path)
    {
        // With the real paths of the folders from the first to the current one, to detect link cycles.
        Stack<(string FullPath, string Path, HashSet<string>? Real)> folders = new([(folder, path, null)]);
        while (folders.TryPop(out (string FullPath, string Path, HashSet<string>? Real) current))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            foreach (FileSystemInfo entry in Entries(current.FullPath))
            {
                string below = current.Path.Length == 0 ? entry.Name : $"{current.Path}/{entry.Name}";
                if (IsExcluded(below, entry.Name) || below == DestinationFolder.ControlFolderName)
                    continue;
                if (Directory.Exists(entry.FullName))
                    folders.Push((entry.FullName, below, Follow(entry, current.FullPath, current.Real)));
                else
                    AddFile(entry.FullName, below);
            }
        }
    }

    private static FileSystemInfo[] Entries(string folder)
    {
        try
        {
            return new DirectoryInfo(folder).GetFileSystemInfos("*", s_everything);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or System.Security.SecurityException)
        {
            throw new TorrentException(TorrentErrorId.AccessDenied, $"The folder '{folder}' cannot be read: access is denied; check its permissions, or exclude it.", e);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, folder, "cannot be read");
        }
    }

    /// <summary>The real paths of the enclosing folders; they are resolved only after the first link.</summary>
    private static HashSet<string>? Follow(FileSystemInfo folder, string around, HashSet<string>? real)
    {
        if (folder.LinkTarget is null)
            return real is null ? null : [.. real, DestinationFolder.Resolve(folder.FullName)];
        HashSet<string> all = real is null ? [] : [.. real];
        for (string? outer = around; outer is not null; outer = Path.GetDirectoryName(outer))
            all.Add(DestinationFolder.Resolve(outer));
        if (!all.Add(DestinationFolder.Resolve(folder.FullName)))
            throw new TorrentException(TorrentErrorId.UnsafePath, $"'{folder.FullName}' is a link to a folder that it is in itself, and has no end; take it away, or exclude it.");
        return all;
    }

    private void AddFile(string full, string path)
    {
        if (IsExcluded(path, Path.GetFileName(full)) || _equality.Equals(full, _output))
            return;
        InputFile file;
        try
        {
            file = InputFile.Look(full, path) ?? throw NotThere(full);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, full, "cannot be read");
        }

        if (file.Length == 0 && FileStatus.At(full).Kind is EntryKind.Pipe or EntryKind.Device)
        {
            _warnings.Add($"'{full}' is a pipe, a socket or a device, and is left out.");
            return;
        }

        file.CheckReadable();
        _found.TryAdd(path, file);
    }

    private static TorrentException NotThere(string full)
    {
        if (new FileInfo(full).LinkTarget is { } target)
            return new TorrentException(TorrentErrorId.TorrentNotFound, $"'{full}' is a link to '{target}', where there is nothing; take it away, or exclude it.");
        // The system replaces invalid UTF-8 in names with U+FFFD, and does not find the file by that name.
        return full.Contains('\uFFFD')
            ? new TorrentException(TorrentErrorId.UnsafePath, $"The name of '{full}' is not UTF-8, and a torrent has only UTF-8 names; rename it, or exclude it.")
            : new TorrentException(TorrentErrorId.TorrentNotFound, $"There is no file or folder '{full}' to create a torrent from; check the path.");
    }

    private bool IsExcluded(string path, string name)
    {
        foreach (Wildcard pattern in _exclude)
        {
            if (pattern.IsMatch(path) || pattern.IsMatch(name) || pattern.IsMatch($"{Path.GetFileName(_root)}/{path}"))
                return true;
        }

        return false;
    }
}
