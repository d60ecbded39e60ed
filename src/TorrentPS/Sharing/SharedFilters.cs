using TorrentPS.Engine.Net;

namespace TorrentPS.Sharing;

/// <summary>The IP filters of this process: commands that name the same files share a filter, and so a client, while the files are unchanged.</summary>
internal static class SharedFilters
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<string, WeakReference<IPFilter>> s_filters = new(StringComparer.Ordinal);

    /// <summary>Reads lists, or returns them if they are already loaded.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="isNew">Whether they were read now.</param>
    /// <exception cref="Engine.Errors.TorrentException">A file cannot be read, or is not a list.</exception>
    public static IPFilter Get(IReadOnlyList<string> paths, out bool isNew)
    {
        string key = string.Join('\n', paths.Select(Describe));
        lock (s_lock)
        {
            isNew = false;
            if (s_filters.TryGetValue(key, out WeakReference<IPFilter>? known) && known.TryGetTarget(out IPFilter? filter))
                return filter;
            isNew = true;
            filter = IPFilter.Load(paths);
            foreach (string gone in s_filters.Where(pair => !pair.Value.TryGetTarget(out _)).Select(pair => pair.Key).ToArray())
                s_filters.Remove(gone);
            s_filters[key] = new WeakReference<IPFilter>(filter);
            return filter;
        }
    }

    private static string Describe(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? $"{path}|{file.Length}|{file.LastWriteTimeUtc.Ticks}" : path;
    }
}
