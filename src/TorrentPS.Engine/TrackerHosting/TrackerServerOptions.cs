using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>The options of a <see cref="TrackerServer"/>.</summary>
public sealed record TrackerServerOptions
{
    /// <summary>The number of peers for a client that does not request a number.</summary>
    internal const int DefaultPeers = 50;

    /// <summary>Whether to serve HTTP.</summary>
    public bool Http { get; init; } = true;

    /// <summary>Whether to serve UDP (BEP 15).</summary>
    public bool Udp { get; init; } = true;

    /// <summary>The announce interval for clients, 1 second to 1 day; a peer that is silent for twice as long, or for two minutes if that is longer, is removed.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The minimum announce interval for clients; at most <see cref="Interval"/>.</summary>
    public TimeSpan MinInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The only torrents that are served; null means all.</summary>
    public IReadOnlyCollection<InfoHash>? AllowedTorrents { get; init; }

    /// <summary>
    /// The maximum number of torrents, 1 or more. When it is reached, a new torrent replaces one announced only by clients with more torrents than the new one's.
    /// </summary>
    public int MaxTorrents { get; init; } = 10_000;

    /// <summary>The maximum number of peers per torrent, 1 or more. When it is reached, a peer of the address, or IPv6 /64 network, with most peers is evicted.</summary>
    public int MaxPeersPerTorrent { get; init; } = 10_000;

    /// <summary>The maximum number of peers in all torrents, 1 or more; each takes some 300 bytes. When it is reached, one is evicted as for a torrent.</summary>
    public int MaxPeers { get; init; } = 1_000_000;

    /// <summary>
    /// The maximum number of peers per answer, whatever the client requests, 0 to 2000. By UDP, at most as many as fit into one datagram: 230, or 67 with IPv6 addresses.
    /// </summary>
    public int MaxPeersPerAnswer { get; init; } = 200;

    /// <summary>The maximum number of connections, 1 or more. When it is reached, one of the address, or IPv6 /64 network, with most connections is closed.</summary>
    public int MaxConnections { get; init; } = 1000;

    /// <summary>The maximum number of connections of one address, or IPv6 /64 network, 1 or more, so that a single client cannot keep out the others.</summary>
    public int MaxConnectionsPerAddress { get; init; } = 200;

    /// <summary>
    /// The networks whose machines may list the peers of a torrent (<see cref="TorrentSwarmPeer"/>); null for this machine and local networks. A list has every peer with its
    /// address and progress, while an announce returns a random selection of addresses.
    /// </summary>
    public AllowedAddresses? SwarmReaders { get; init; }

    /// <summary>
    /// Whether a client may announce another address than its own (<c>ip</c>, <c>ipv6</c>, or by UDP the address of the request). This lets anyone point a swarm at a
    /// third party: only for trusted networks.
    /// </summary>
    public bool TrustsGivenAddress { get; init; }

    /// <summary>Called for each announce after it was answered; from any thread, must return soon.</summary>
    public Action<TrackerRequest>? OnAnnounce { get; init; }

    /// <summary>Receives errors that should not happen; called from any thread, must return soon.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
