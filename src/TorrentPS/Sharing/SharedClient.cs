using TorrentPS.Engine;

namespace TorrentPS.Sharing;

/// <summary>
/// The one client of this process. All cmdlets and jobs, of whatever runspace, work through it, and so share one listener, one set of connections,
/// one pool of buffers and one limit. It is made when the first asks for it and closed when the last has ended, which is also what
/// happens when the module is removed: what runs then, jobs above all, goes on to its end.
/// </summary>
internal static class SharedClient
{
    private const int MaxConnections = 1000;

    private static readonly Lock s_lock = new();
    private static readonly List<Action<string>> s_logs = [];
    private static TorrentClient? s_client;
    private static int s_users;

    /// <summary>Bytes a second that everything in this process receives at most.</summary>
    public static RateLimit DownloadLimit { get; } = new();

    /// <summary>Bytes a second that everything in this process sends at most.</summary>
    public static RateLimit UploadLimit { get; } = new();

    /// <summary>Gives the client to one more user, until that disposes of the lease.</summary>
    /// <param name="log">Gets the lines that are about no single torrent; from any thread.</param>
    public static Lease Rent(Action<string>? log = null)
    {
        lock (s_lock)
        {
            s_client ??= new TorrentClient(new TorrentClientOptions
            {
                MaxConnections = MaxConnections,
                DownloadLimit = DownloadLimit,
                UploadLimit = UploadLimit,
                DhtBootstrap = TorrentClientOptions.PublicDhtNodes,
                StateFolder = TorrentClientOptions.UserStateFolder,
                Log = Log,
            });
            s_users++;
            if (log is not null)
                s_logs.Add(log);
            return new Lease(s_client, log);
        }
    }

    private static void Log(string line)
    {
        Action<string>[] logs;
        lock (s_lock)
            logs = [.. s_logs];
        foreach (Action<string> log in logs)
            log(line);
    }

    private static ValueTask ReturnAsync(Action<string>? log)
    {
        TorrentClient? unused = null;
        lock (s_lock)
        {
            if (log is not null)
                s_logs.Remove(log);
            if (--s_users == 0)
            {
                unused = s_client;
                s_client = null;
            }
        }

        return unused?.DisposeAsync() ?? default;
    }

    /// <summary>The use of the client by one cmdlet or job.</summary>
    internal sealed class Lease(TorrentClient client, Action<string>? log) : IAsyncDisposable
    {
        private int _isReturned;

        public TorrentClient Client => client;

        public ValueTask DisposeAsync() => Interlocked.Exchange(ref _isReturned, 1) == 0 ? ReturnAsync(log) : default;
    }
}
