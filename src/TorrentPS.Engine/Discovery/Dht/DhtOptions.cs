using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>How a client takes part in the DHT.</summary>
internal sealed record DhtOptions
{
    /// <summary>The UDP port while nothing listens for peers; another free one when it is taken.</summary>
    public int Port { get; init; }

    /// <summary>The nodes to get in by, as host:port.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = DhtBootstrap.WellKnown;

    /// <summary>Whether to answer no queries, whatever runs (BEP 43).</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>The folder that the table is kept in from one run to the next; null keeps nothing.</summary>
    public string? StateFolder { get; init; }

    /// <summary>The addresses that no node is at; null for none.</summary>
    public IPFilter? IPFilter { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public Action<string>? Log { get; init; }

    /// <summary>Finds the addresses of a name.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;
}
