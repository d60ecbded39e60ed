using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The options of a client's DHT node.</summary>
internal sealed record DhtOptions
{
    /// <summary>The UDP port if no listener for peers is open; if it is in use, any free one.</summary>
    public int Port { get; init; }

    /// <summary>The bootstrap nodes, as host:port.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = DhtBootstrap.WellKnown;

    /// <summary>Whether to answer no queries in any case (BEP 43).</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>The folder for the state between runs; null for none.</summary>
    public string? StateFolder { get; init; }

    /// <summary>The IP filter; null for none.</summary>
    public IPFilter? IPFilter { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public Action<string>? Log { get; init; }

    /// <summary>Resolves a host name.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;
}
