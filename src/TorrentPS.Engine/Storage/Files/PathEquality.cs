using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>
/// When two full paths are of one file, as far as their names tell. On Windows and macOS, file systems commonly pass over differences of case, and on macOS over
/// those of Unicode normalization too; volumes and folders that do not are rare there, and are not asked.
/// </summary>
internal sealed class PathEquality : IEqualityComparer<string>
{
    private static readonly EnumerationOptions s_all = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly Func<string, string> _key;
    private readonly StringComparer _comparer;

    private PathEquality(Func<string, string> key, StringComparer comparer) => (_key, _comparer) = (key, comparer);

    /// <summary>Names differ when their characters do.</summary>
    public static PathEquality Exact { get; } = new(path => path, StringComparer.Ordinal);

    /// <summary>Names that differ in case are the same.</summary>
    public static PathEquality OfWindows { get; } = new(path => path, StringComparer.OrdinalIgnoreCase);

    /// <summary>Names that differ in case, or in how their characters are composed, are the same.</summary>
    public static PathEquality OfMac { get; } = new(PathKey.Of, StringComparer.OrdinalIgnoreCase);

    /// <summary>That of the system this runs on.</summary>
    public static PathEquality OfSystem { get; } = OperatingSystem.IsWindows() ? OfWindows : OperatingSystem.IsMacOS() ? OfMac : Exact;

    /// <inheritdoc/>
    public bool Equals(string? x, string? y) => x is null || y is null ? x == y : _comparer.Equals(_key(x), _key(y));

    /// <inheritdoc/>
    public int GetHashCode(string obj) => _comparer.GetHashCode(_key(obj));

    /// <summary>What is the same for two paths exactly when they are of one file; to be kept and told to other processes.</summary>
    public string Key(string path) => this == Exact ? path : _key(path).ToUpperInvariant();

    /// <summary>Whether a full path is below a folder, and not the folder itself.</summary>
    public bool IsBelow(string path, string folder)
    {
        // By parts and not by characters: two spellings of one folder need not have the same length.
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

    /// <summary>The path of a file with its names as they are on disk, where those may be other spellings.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="around">A folder around it, whose own spelling is kept.</param>
    /// <returns>A name as it was given where there is none on disk, or where its folder cannot be read.</returns>
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
