using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Values;

namespace TorrentPS.Sharing;

/// <summary>The network settings of a command. Commands with the same settings share a client.</summary>
internal sealed record NetworkSettings
{
    /// <summary>The default settings.</summary>
    public static NetworkSettings Default { get; } = new();

    /// <summary>The proxy; null for none.</summary>
    public ProxyServer? Proxy { get; init; }

    /// <summary>Whether to map the port.</summary>
    public bool MapsPorts { get; init; }

    /// <summary>The address or interface to use; null leaves that to the system.</summary>
    public NetworkBinding? Binding { get; init; }

    /// <summary>The IP filter; null for none.</summary>
    public IPFilter? Filter { get; init; }

    /// <summary>The only addresses used as peers; null allows all.</summary>
    public AllowedAddresses? Allowed { get; init; }

    /// <summary>The address announced to trackers; null for none.</summary>
    public IPAddress? AnnounceAddress { get; init; }

    /// <summary>The traffic class of packets; null leaves them unmarked.</summary>
    public TrafficClass? TrafficClass { get; init; }
}
