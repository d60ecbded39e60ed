using System.Text;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// Renames files of a torrent whose paths clash. Paths clash if they differ only in case or Unicode normalization (<see cref="PathKey"/>), because some file systems
/// cannot tell them apart, or if a file has the path of another's folder.
/// </summary>
internal static class PathClashes
{
    /// <summary>Changes paths until none clash. The result depends only on the paths and their order.</summary>
    /// <param name="paths">The sanitized paths; null for files that are never stored.</param>
    /// <exception cref="TorrentException">Too many paths clash.</exception>
    public static void Resolve(Span<string?> paths)
    {
        var folders = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        ReadOnlySpan<char> last = default;
        foreach (string? path in paths)
        {
            if (path is not null)
                AddFolders(folders, path, ref last);
        }

        var files = new HashSet<string>(paths.Length, StringComparer.OrdinalIgnoreCase);
        int attempts = 0;
        for (int i = 0; i < paths.Length; i++)
        {
            if (paths[i] is not { } path)
                continue;
            string key = PathKey.Of(path);
            if (!folders.Contains(key) && files.Add(key))
                continue;
            int slash = path.LastIndexOf('/') + 1;
            for (int number = 1; ; number++)
            {
                if (++attempts > MetainfoLimits.DuplicatePaths)
                {
                    throw new TorrentException(TorrentErrorId.UnsafePath,
                        $"More than {MetainfoLimits.DuplicatePaths} files of the torrent have the same path as others, '{MetainfoFault.Show(path)}' among them");
                }
                string candidate = string.Concat(path.AsSpan(0, slash), Numbered(path.AsSpan(slash), number));
                key = PathKey.Of(candidate);
                if (folders.Contains(key) || !files.Add(key))
                    continue;
                paths[i] = candidate;
                break;
            }
        }
    }

    private static void AddFolders(HashSet<string> folders, string path, ref ReadOnlySpan<char> last)
    {
        int slash = path.LastIndexOf('/');
        if (slash < 0 || path.AsSpan(0, slash).SequenceEqual(last))
            return;
        last = path.AsSpan(0, slash);
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup = folders.GetAlternateLookup<ReadOnlySpan<char>>();
        ReadOnlySpan<char> folder = PathKey.Of(path).AsSpan();
        // From the inside out: if a folder is known, so are those that contain it.
        for (slash = folder.LastIndexOf('/'); slash > 0; slash = folder.LastIndexOf('/'))
        {
            folder = folder[..slash];
            if (!lookup.Add(folder))
                break;
        }
    }

    private static string Numbered(ReadOnlySpan<char> name, int number)
    {
        int dot = name.LastIndexOf('.');
        if (dot <= 0)
            dot = name.Length;
        string numbered = $"{name[..dot]} ({number}){name[dot..]}";
        return Encoding.UTF8.GetByteCount(numbered) <= MetainfoLimits.ComponentBytes
            ? numbered
            : PathSanitizer.Shorten(name, $" ({number})", MetainfoLimits.ComponentBytes);
    }
}
