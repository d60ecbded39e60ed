using System.Collections.Concurrent;

namespace TorrentPS.Sharing;

/// <summary>Which torrents this process transfers. Two transfers of the same torrent by one port are one peer to everybody else, and do not find each other.</summary>
internal static class RunningTransfers
{
    private static readonly ConcurrentDictionary<string, int> s_counts = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a transfer of it runs.</summary>
    public static bool Contains(string infoHash) => s_counts.TryGetValue(infoHash, out int count) && count > 0;

    /// <summary>One more runs, until what is returned is disposed of.</summary>
    public static IDisposable Enter(string infoHash)
    {
        s_counts.AddOrUpdate(infoHash, 1, static (_, count) => count + 1);
        return new Running(infoHash);
    }

    private sealed class Running(string infoHash) : IDisposable
    {
        private int _hasEnded;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _hasEnded, 1) != 0)
                return;
            int left = s_counts.AddOrUpdate(infoHash, 0, static (_, count) => count - 1);
            if (left == 0)
                s_counts.TryRemove(new KeyValuePair<string, int>(infoHash, 0));
        }
    }
}
