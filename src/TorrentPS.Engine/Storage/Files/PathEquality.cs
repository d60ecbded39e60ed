using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>
/// Whether two full paths name the same file, as far as their names show. On Windows and macOS, file systems usually ignore case, and on macOS also Unicode
/// normalization; volumes and folders that do not are rare there, and not considered.
/// </summary>
internal sealed class PathEquality : IEqualityComparer<string>
{
    private static readonly EnumerationOptions s_all = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly Func<string, string> _key;
    private readonly StringComparer _comparer;

    private PathEquality(Func<string, string> key, StringComparer comparer) => (_key, _comparer) = (key, comparer);

    /// <summary>Names differ if their characters do.</summary>
    public static PathEquality Exact { get; } = new(path => path, StringComparer.Ordinal);

    /// <summary>Names that differ only in case are the same.</summary>
    public static PathEquality OfWindows { get; } = new(path => path, StringComparer.OrdinalIgnoreCase);

    /// <summary>Names that differ only in case or normalization are the same.</summary>
    public static PathEquality OfMac { get; } = new(PathKey.Of, StringComparer.OrdinalIgnoreCase);

    /// <summary>The rule of the current system.</summary>
    public static PathEquality OfSystem { get; } = OperatingSystem.IsWindows() ? OfWindows : OperatingSystem.IsMacOS() ? OfMac : Exact;

    /// <inheritdoc/>
    public bool Equals(string? x, string? y) => x is null || y is null ? x == y : _comparer.Equals(_key(x), _key(y));

    /// <inheritdoc/>
    public int GetHashCode(string obj) => _comparer.GetHashCode(_key(obj));

    /// <summary>A key that is equal for two paths if they name the same file; it can be stored and sent to other processes.</summary>
    public string Key(string path) => this == Exact ? path : _key(path).ToUpperInvariant();

    /// <summary>Whether a full path is below a folder, not the folder itself.</summary>
    public bool IsBelow(string path, string folder)
    {
        // By components, not characters: two spellings of a folder may have different lengths.
        folder = Path.TrimEndingDirectorySeparator(folder);
        if (Path.EndsInDirectorySeparator(folder))
            return path.Length > folder.Length && Equals(path[..folder.Length], folder);
        int end = -1;
        for (int part = folder.AsSpan().Count(Path.DirectorySeparatorChar); part >= 0; part--)
        {
            end = path.IndexOf(Path.DirectorySeparatorChar, end + 1);
            if (end < 0)
                return false;
        }

        return end + 1 < path.Length && Equals(path[..end], folder);
    }

    /// <summary>The path of a file with the spelling on disk, if that may differ.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="around">A folder above it, whose spelling is kept.</param>
    /// <returns>The path; a name stays as it was given if it is not on disk, or its folder cannot be read.</returns>
    public string AsOnDisk(string path, string around)
    {
        if (this == Exact || Path.GetDirectoryName(path) is not { } folder)
            return path;
        if (Equals(path, around))
            return around;
        folder = AsOnDisk(folder, around);
        string name = Path.GetFileName(path);
        try
        {
            string? found = null;
            foreach (string entry in Directory.EnumerateFileSystemEntries(folder, "*", s_all))
            {
                string candidate = Path.GetFileName(entry);
                if (candidate == name)
                    return Path.Join(folder, name);
                if (found is null && Equals(candidate, name))
                    found = candidate;
            }

            return Path.Join(folder, found ?? name);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            return Path.Join(folder, name);
        }
    }
}
