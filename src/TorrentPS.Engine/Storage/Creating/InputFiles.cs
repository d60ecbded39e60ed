using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>
/// Finds the files that a torrent is made of. Hidden files belong to it, links are followed to files and to folders, what is neither
/// (pipes, sockets, devices) is left out with a warning, as are this program's own files beside unfinished downloads.
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

    /// <param name="root">The folder that the paths in the torrent begin below.</param>
    /// <param name="exclude">What to leave out: patterns over the path below the folder, that with the folder's name, and the bare name.</param>
    /// <param name="output">The .torrent that is to be written, which cannot be part of itself.</param>
    /// <param name="warnings">Gets what the user should know.</param>
    /// <param name="equality">When two paths are of one file.</param>
    /// <param name="cancellationToken">Ends it.</param>
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
    /// <exception cref="TorrentException">Something cannot be read (AccessDenied) or is not there (TorrentNotFound), a link leads to where it is (UnsafePath).</exception>
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
        // With the real folders from the first to the one at hand, by which a link that goes in circles is known.
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

    /// <summary>The real folders around what is in a folder; those that no link leads to are not looked at until one does.</summary>
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
        // The system gives names that are not UTF-8 with U+FFFD in them, and does not find them by it.
        return full.Contains('\uFFFD')
            ? new TorrentException(TorrentErrorId.UnsafePath, $"The name of '{full}' is not UTF-8, and a torrent has only UTF-8 names; rename it, or exclude it.")
            : new TorrentException(TorrentErrorId.TorrentNotFound, $"There is no file or folder '{full}' to make a torrent of; check the path.");
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
