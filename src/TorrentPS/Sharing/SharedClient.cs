using TorrentPS.Engine;
using TorrentPS.Engine.Net;

namespace TorrentPS.Sharing;

/// <summary>
/// The client of this process. All cmdlets and jobs of all runspaces use it, and so share one listener, one set of connections, one pool of buffers and one limit.
/// Commands with other network settings, such as a proxy or an address, use a separate client, and share only the limits. It is created on first use and closed when the
/// last user ends, even if the module is removed: running jobs continue to their end.
/// </summary>
internal static class SharedClient
{
    private const int MaxConnections = 1000;

    private static readonly Lock s_lock = new();
    private static readonly List<Action<string>> s_logs = [];
    private static readonly Dictionary<NetworkSettings, Shared> s_clients = [];

    /// <summary>The maximum download rate of this process.</summary>
    public static RateLimit DownloadLimit { get; } = new();

    /// <summary>The maximum upload rate of this process.</summary>
    public static RateLimit UploadLimit { get; } = new();

    /// <summary>Leases the client, until the lease is disposed.</summary>
    /// <param name="network">The network settings.</param>
    /// <param name="log">Receives log lines that are not about a single torrent; from any thread.</param>
    /// <param name="warn">Receives warnings about settings that could not be applied; from any thread.</param>
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
        AllowedAddresses = network.Allowed,
        AnnounceAddress = network.AnnounceAddress,
        TrafficClass = network.TrafficClass,
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

    /// <summary>The lease of the client by one cmdlet or job.</summary>
    internal sealed class Lease(NetworkSettings network, TorrentClient client, Action<string>? log, Action<string>? warn) : IAsyncDisposable
    {
        private int _isReturned;

        public TorrentClient Client => client;

        public ValueTask DisposeAsync() => Interlocked.Exchange(ref _isReturned, 1) == 0 ? ReturnAsync(network, log, warn) : default;
    }
}
