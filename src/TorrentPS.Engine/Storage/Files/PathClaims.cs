using System.Buffers.Binary;
using System.Runtime.InteropServices;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>
/// Announces the files that a download will write to other processes, by a table beside its lock: hashes of the paths below the destination, normalized by <see
/// cref="PathEquality"/>. There is one table per download, regardless of the number of files. It counts while the lock is held, so one left by a killed process does not.
/// Destinations may be nested, so tables are also looked for in the folders above and in those that contain the files.
/// </summary>
internal sealed class PathClaims
{
    private const string Extension = ".paths";
    private const ulong Mark = 0x31485441_50535054; // TPSPATH1
    private const int MaxLength = 64 << 20;

    private readonly string _base; // with every link resolved
    private readonly string _ownTable;
    private readonly PathEquality _equality;
    private readonly Func<string, bool> _isHeld;
    private readonly string[] _keys; // by file: the path below the base
    private readonly string[] _paths;
    private readonly HashSet<string> _folders = []; // the existing folders below the base

    /// <param name="folder">The destination.</param>
    /// <param name="name">The name of the table, without the extension.</param>
    /// <param name="files">The paths of the files below the destination, with '/' between the components.</param>
    /// <param name="equality">Compares paths.</param>
    /// <param name="isHeld">Returns whether the lock at a path is held.</param>
    public PathClaims(DestinationFolder folder, string name, IReadOnlyCollection<string> files, PathEquality equality, Func<string, bool> isHeld)
    {
        _base = DestinationFolder.Resolve(folder.Path);
        _ownTable = Path.Join(folder.ControlPath, name + Extension);
        _equality = equality;
        _isHeld = isHeld;
        _paths = [.. files];
        Dictionary<string, string?> real = new() { [""] = "" };
        _keys = [.. _paths.Select(path => equality.Key(RealPath(path, real)))];
        _folders.Add("");
    }

    /// <summary>The path of the table.</summary>
    public string TablePath => _ownTable;

    /// <summary>
    /// Writes the table. Call this with the lock held, and before <see cref="Find"/>: of two downloads at the same time, at least one then sees the other.
    /// </summary>
    public void Publish() => ControlFile.Write(_ownTable, _ownTable + ".tmp", Encode(_keys), flush: false);

    /// <summary>Looks for another download that writes one of the files.</summary>
    /// <returns>The path of the file, below the destination; null if there is none.</returns>
    public string? Find()
    {
        foreach (string folder in _folders)
        {
            string prefix = folder.Length == 0 ? "" : _equality.Key(folder) + "/";
            if (FindIn(Path.Join(_base, folder), key => key.StartsWith(prefix, StringComparison.Ordinal) ? key[prefix.Length..] : null) is { } found)
                return found;
        }

        string below = "";
        for (string? above = _base; Path.GetDirectoryName(above) is { } next; above = next)
        {
            below = $"{_equality.Key(Path.GetFileName(above))}/{below}";
            string prefix = below;
            if (FindIn(next, key => prefix + key) is { } found)
                return found;
        }

        return null;
    }

    /// <summary>Removes the table.</summary>
    public void Withdraw() => ControlFile.TryDelete(_ownTable);

    private string? FindIn(string folder, Func<string, string?> keyThere)
    {
        string control = Path.Join(folder, DestinationFolder.ControlFolderName);
        if (FileStatus.At(control).Kind != EntryKind.Folder)
            return null;
        try
        {
            HashSet<ulong>? own = null;
            foreach (string table in Directory.EnumerateFiles(control, "*" + Extension))
            {
                if (Path.GetFileName(table) == Path.GetFileName(_ownTable) && _base == folder)
                    continue;
                ulong[] theirs = Read(table);
                own ??= [.. _keys.Select(keyThere).OfType<string>().Select(Hash)];
                if (Array.Find(theirs, own.Contains) is not (not 0 and var shared))
                    continue;
                if (_isHeld(Path.ChangeExtension(table, ".lock")))
                    return _paths[Array.FindIndex(_keys, key => keyThere(key) is { } there && Hash(there) == shared)];
                ControlFile.TryDelete(table);
            }
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            // A folder that cannot be read was not created by a download that could write here.
        }

        return null;
    }

    /// <summary>The path with its links resolved, if they lead to somewhere below the base.</summary>
    private string RealPath(string path, Dictionary<string, string?> real)
    {
        int end = path.LastIndexOf('/');
        string folder = RealFolder(end < 0 ? "" : path[..end], real, out bool exists);
        string file = folder.Length == 0 ? path[(end + 1)..] : $"{folder}/{path[(end + 1)..]}";
        return exists && FileStatus.At(Path.Join(_base, file), followLinks: false).Kind == EntryKind.Link ? Follow(file) : file;
    }

    private string RealFolder(string folder, Dictionary<string, string?> real, out bool exists)
    {
        exists = true;
        if (real.TryGetValue(folder, out string? known))
        {
            exists = known is not null;
            return known ?? folder;
        }

        int end = folder.LastIndexOf('/');
        string parent = RealFolder(end < 0 ? "" : folder[..end], real, out exists);
        string path = parent.Length == 0 ? folder[(end + 1)..] : $"{parent}/{folder[(end + 1)..]}";
        EntryKind kind = exists ? FileStatus.At(Path.Join(_base, path), followLinks: false).Kind : EntryKind.None;
        if (kind == EntryKind.Link)
            path = Follow(path);
        exists = kind is EntryKind.Link or EntryKind.Folder;
        real[folder] = exists ? path : null;
        if (exists)
            _folders.Add(path);
        return path;
    }

    private string Follow(string path)
    {
        string target = DestinationFolder.Resolve(Path.Join(_base, path));
        // Links that lead out are refused when the file is created.
        if (!_equality.IsBelow(target, _base))
            return path;
        string real = target[(_base.Length + 1)..].Replace(Path.DirectorySeparatorChar, '/');
        for (int end = real.LastIndexOf('/'); end > 0; end = real.LastIndexOf('/', end - 1))
            _folders.Add(real[..end]);
        return real;
    }

    private static byte[] Encode(string[] keys)
    {
        byte[] table = new byte[(keys.Length + 1) * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(table, Mark);
        for (int i = 0; i < keys.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan((i + 1) * sizeof(ulong)), Hash(keys[i]));
        return table;
    }

    private static ulong[] Read(string table)
    {
        byte[]? bytes;
        try
        {
            bytes = ControlFile.Read(table, MaxLength);
        }
        catch (TorrentException)
        {
            return []; // without a file there is no table
        }

        if (bytes is null || bytes.Length % sizeof(ulong) != 0 || bytes.Length == 0 || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Mark)
            return [];
        ulong[] hashes = new ulong[bytes.Length / sizeof(ulong) - 1];
        for (int i = 0; i < hashes.Length; i++)
            hashes[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan((i + 1) * sizeof(ulong)));
        return hashes;
    }

    /// <summary>FNV-1a of 64 bits. A collision only keeps two downloads apart unnecessarily.</summary>
    private static ulong Hash(string key)
    {
        ulong hash = 14695981039346656037;
        foreach (byte one in MemoryMarshal.AsBytes(key.AsSpan()))
            hash = (hash ^ one) * 1099511628211;
        return hash == 0 ? 1 : hash;
    }
}
