using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>How a <see cref="TrackerServer"/> behaves.</summary>
public sealed record TrackerServerOptions
{
    /// <summary>How many peers a client gets that does not say how many it wants.</summary>
    internal const int DefaultPeers = 50;

    /// <summary>Whether it is asked by HTTP.</summary>
    public bool Http { get; init; } = true;

    /// <summary>Whether it is asked by UDP (BEP 15).</summary>
    public bool Udp { get; init; } = true;

    /// <summary>How long clients are told to wait between announces, 1 second to 1 day; one that is silent for twice as long is forgotten.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long clients are told to wait at least; not more than <see cref="Interval"/>.</summary>
    public TimeSpan MinInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The only torrents that are served; null means all.</summary>
    public IReadOnlyCollection<InfoHash>? AllowedTorrents { get; init; }

    /// <summary>Torrents at once, 1 or more; for one more, one goes that is announced by those alone who are in more torrents than who brings the new one.</summary>
    public int MaxTorrents { get; init; } = 10_000;

    /// <summary>Peers of one torrent at once, 1 or more; for one more, one goes of the address, or IPv6 /64 network, that has most.</summary>
    public int MaxPeersPerTorrent { get; init; } = 10_000;

    /// <summary>Peers of all torrents at once, 1 or more; each takes some 300 bytes. For one more, one goes as of a torrent.</summary>
    public int MaxPeers { get; init; } = 1_000_000;

    /// <summary>Peers in one answer, whatever the client asks for, 0 to 2000. By UDP there are never more than one datagram holds: 230, or 67 with IPv6 addresses.</summary>
    public int MaxPeersPerAnswer { get; init; } = 200;

    /// <summary>Connections at once, 1 or more; for one more, one goes of the address, or IPv6 /64 network, that has most.</summary>
    public int MaxConnections { get; init; } = 1000;

    /// <summary>Connections of one address, or IPv6 /64 network, at once, 1 or more, so that a single client cannot keep out all others.</summary>
    public int MaxConnectionsPerAddress { get; init; } = 200;

    /// <summary>Whether a client may name another address than the one it comes from (<c>ip</c>, <c>ipv6</c>, or by UDP the address of the request). Lets anyone point a swarm at a third party: only for networks where all are trusted.</summary>
    public bool TrustsGivenAddress { get; init; }

    /// <summary>Is told of each announce after it was answered; called from any thread, must return soon.</summary>
    public Action<TrackerRequest>? OnAnnounce { get; init; }

    /// <summary>Gets a line for what happened that must not; called from any thread, must return soon.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
