using TorrentPS.Engine.Net;

namespace TorrentPS.Sharing;

/// <summary>How a command reaches the network. Commands with the same settings share a client.</summary>
internal sealed record NetworkSettings
{
    /// <summary>Those of a command that says nothing of it.</summary>
    public static NetworkSettings Default { get; } = new();

    /// <summary>The proxy; null for none.</summary>
    public ProxyServer? Proxy { get; init; }

    /// <summary>Whether a gateway is asked to pass peers on.</summary>
    public bool MapsPorts { get; init; }

    /// <summary>The address or interface that everything leaves by; null leaves that to the system.</summary>
    public NetworkBinding? Binding { get; init; }

    /// <summary>The addresses that are no peers; null for none.</summary>
    public IPFilter? Filter { get; init; }
}
