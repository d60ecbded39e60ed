using TorrentPS.Engine;
using TorrentPS.Engine.Net;

namespace TorrentPS.Sharing;

/// <summary>
/// The client of this process. All cmdlets and jobs, of whatever runspace, work through it, and so share one listener, one set of connections,
/// one pool of buffers and one limit. Those that reach the network in another way, as through a proxy or from one address, have a client of their own, and only the limits in common. It is made when the first asks for it and closed when the last has ended, which is also what
/// happens when the module is removed: what runs then, jobs above all, goes on to its end.
/// </summary>
internal static class SharedClient
{
    private const int MaxConnections = 1000;

    private static readonly Lock s_lock = new();
    private static readonly List<Action<string>> s_logs = [];
    private static readonly Dictionary<NetworkSettings, Shared> s_clients = [];

    /// <summary>Bytes a second that everything in this process receives at most.</summary>
    public static RateLimit DownloadLimit { get; } = new();

    /// <summary>Bytes a second that everything in this process sends at most.</summary>
    public static RateLimit UploadLimit { get; } = new();

    /// <summary>Gives the client to one more user, until that disposes of the lease.</summary>
    /// <param name="network">How the network is reached.</param>
    /// <param name="log">Gets the lines that are about no single torrent; from any thread.</param>
    /// <param name="warn">Gets what its settings ask for and could not be had; from any thread.</param>
    public static Lease Rent(NetworkSettings network, Action<string>? log = null, Action<string>? warn = null)
    {
        lock (s_lock)
        {
            if (!s_clients.TryGetValue(network, out Shared? shared))
                s_clients.Add(network, shared = new Shared(network));
            shared.Users++;
            if (log is not null)
                s_logs.Add(log);
            if (warn is not null)
                shared.Warnings.Add(warn);
            return new Lease(network, shared.Client, log, warn);
        }
    }

    private static TorrentClient Create(NetworkSettings network, Action<string> warn) => new(new TorrentClientOptions
    {
        MaxConnections = MaxConnections,
        DownloadLimit = DownloadLimit,
        UploadLimit = UploadLimit,
        DhtBootstrap = TorrentClientOptions.PublicDhtNodes,
        StateFolder = TorrentClientOptions.UserStateFolder,
        Proxy = network.Proxy,
        Binding = network.Binding,
        IPFilter = network.Filter,
        MapPorts = network.MapsPorts,
        OnWarning = warn,
        Log = Log,
    });

    private static void Log(string line)
    {
        Action<string>[] logs;
        lock (s_lock)
            logs = [.. s_logs];
        foreach (Action<string> log in logs)
            log(line);
    }

    private static ValueTask ReturnAsync(NetworkSettings network, Action<string>? log, Action<string>? warn)
    {
        TorrentClient? unused = null;
        lock (s_lock)
        {
            if (log is not null)
                s_logs.Remove(log);
            Shared shared = s_clients[network];
            if (warn is not null)
                shared.Warnings.Remove(warn);
            if (--shared.Users == 0)
            {
                unused = shared.Client;
                s_clients.Remove(network);
            }
        }

        return unused?.DisposeAsync() ?? default;
    }

    private sealed class Shared
    {
        public Shared(NetworkSettings network) => Client = Create(network, Warn);

        public TorrentClient Client { get; }

        public List<Action<string>> Warnings { get; } = [];

        public int Users { get; set; }

        private void Warn(string text)
        {
            Action<string>[] warnings;
            lock (s_lock)
                warnings = [.. Warnings];
            foreach (Action<string> warning in warnings)
                warning(text);
        }
    }

    /// <summary>The use of the client by one cmdlet or job.</summary>
    internal sealed class Lease(NetworkSettings network, TorrentClient client, Action<string>? log, Action<string>? warn) : IAsyncDisposable
    {
        private int _isReturned;

        public TorrentClient Client => client;

        public ValueTask DisposeAsync() => Interlocked.Exchange(ref _isReturned, 1) == 0 ? ReturnAsync(network, log, warn) : default;
    }
}
