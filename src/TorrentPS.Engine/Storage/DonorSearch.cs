using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// Looks for files that may have the data of a torrent's files: those of the same length or name. Hashes then decide. Links are not followed, and the work is bounded.
/// </summary>
internal sealed class DonorSearch
{
    /// <summary>The maximum number of files tried for one of the torrent's.</summary>
    public const int MaxDonors = 3;

    private const int MaxEntries = 200_000;
    private const int MaxDepth = 40;

    private readonly Torrent _torrent;
    private readonly HashSet<string> _own;
    private readonly Dictionary<long, List<int>> _byLength = [];
    private readonly Dictionary<string, List<int>> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Donor>[] _donors;
    private readonly HashSet<string> _seen = [];
    private int _entries;

    /// <param name="torrent">The torrent.</param>
    /// <param name="paths">The torrent's own files, which are not donors.</param>
    public DonorSearch(Torrent torrent, IEnumerable<string> paths)
    {
        _torrent = torrent;
        _own = [.. paths];
        _donors = new List<Donor>[torrent.Files.Count];
        foreach (TorrentFile file in torrent.Files)
        {
            _donors[file.Index] = [];
            if (file.IsPadding || file.Length == 0)
                continue;
            Add(_byLength, file.Length, file.Index);
            Add(_byName, NameOf(file.Path), file.Index);
        }
    }

    /// <summary>The possible donors of a file, the best first.</summary>
    public IReadOnlyList<Donor> Of(int file) => [.. _donors[file].OrderBy(donor => donor.Rank).Take(MaxDonors)];

    /// <summary>Examines a file, or all files in a folder and below.</summary>
    public void Look(string root)
    {
        try
        {
            root = Path.GetFullPath(root);
            if (Directory.Exists(root))
                LookInto(new DirectoryInfo(root), root, 0);
            else if (DiskFile.Look(root) is { } file)
                Offer(file, root, isNamed: true);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e) || e is ArgumentException or NotSupportedException)
        {
            // An unreadable file or folder yields nothing.
        }
    }

    private void LookInto(DirectoryInfo folder, string root, int depth)
    {
        if (depth > MaxDepth || folder.Name == DestinationFolder.ControlFolderName)
            return;
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos("*", new EnumerationOptions { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint }))
        {
            if (++_entries > MaxEntries)
                return;
            if (entry is FileInfo file)
                Offer(file, root, isNamed: false);
            else if (entry is DirectoryInfo below)
                LookInto(below, root, depth + 1);
        }
    }

    private void Offer(FileInfo found, string root, bool isNamed)
    {
        if (found.Length == 0 || _own.Contains(found.FullName) || !_seen.Add(found.FullName))
            return;
        string path = found.FullName.Replace(Path.DirectorySeparatorChar, '/');
        HashSet<int> files = [.. _byLength.GetValueOrDefault(found.Length) ?? [], .. _byName.GetValueOrDefault(found.Name) ?? []];
        // For a torrent of one file, a file given by the user is another version of it, whatever its name.
        if (isNamed && _torrent.IsSingleFile)
            files.Add(0);
        foreach (int file in files)
        {
            TorrentFile wanted = _torrent.Files[file];
            bool isAsLong = wanted.Length == found.Length;
            bool isOfName = NameOf(wanted.Path).Equals(found.Name, StringComparison.OrdinalIgnoreCase);
            int shared = SharedParts(path, wanted.Path);
            int rank = (isAsLong && isOfName ? 0 : isAsLong ? 100 : 200) - Math.Min(shared, 50);
            Keep(file, new Donor(found.FullName, found.Length, 0, rank));
            // In a longer or shorter version, the data after the change is at the same distance from the end.
            if (!isAsLong)
                Keep(file, new Donor(found.FullName, found.Length, found.Length - wanted.Length, rank + 1));
        }
    }

    private void Keep(int file, Donor donor)
    {
        List<Donor> donors = _donors[file];
        donors.Add(donor);
        if (donors.Count > 4 * MaxDonors)
            donors.Remove(donors.MaxBy(one => one.Rank)!);
    }

    private static void Add<T>(Dictionary<T, List<int>> files, T key, int file)
        where T : notnull
    {
        if (files.TryGetValue(key, out List<int>? known))
            known.Add(file);
        else
            files.Add(key, [file]);
    }

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>The number of components that two paths have in common, counted from the end.</summary>
    private static int SharedParts(string one, string other)
    {
        string[] a = one.Split('/'), b = other.Split('/');
        int shared = 0;
        while (shared < a.Length && shared < b.Length && a[^(shared + 1)].Equals(b[^(shared + 1)], StringComparison.OrdinalIgnoreCase))
            shared++;
        return shared;
    }

    /// <summary>A file that may have the data of one of the torrent's files.</summary>
    /// <param name="Path">The full path.</param>
    /// <param name="Length">Its length.</param>
    /// <param name="Shift">The offset in it that corresponds to the first byte of the torrent's file; may be negative.</param>
    /// <param name="Rank">The lower, the likelier it has the data.</param>
    internal sealed record Donor(string Path, long Length, long Shift, int Rank);
}
