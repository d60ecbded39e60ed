using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery;

/// <summary>What discoveries are to find peers for, and who gets them.</summary>
internal sealed record DiscoveryRequest
{
    /// <summary>What identifies the torrent: one that is hybrid has peers under both of its hashes.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>The torrent's name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The torrent's trackers by tier (BEP 12).</summary>
    public IReadOnlyList<IReadOnlyList<Uri>> Trackers { get; init; } = [];

    /// <summary>The torrent's DHT nodes as host:port (BEP 5).</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>The peers that the user gives by host name, whatever the sources.</summary>
    public IReadOnlyList<DnsEndPoint> PeerNames { get; init; } = [];

    /// <summary>Whether peers may come only from trackers and from the user (BEP 27).</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The discoveries that the user wants; null means all.</summary>
    public IReadOnlyCollection<PeerSource>? Sources { get; init; }

    /// <summary>Whether we only look and take no part: nobody is to be told of us where that can be helped, and what was asked once is not asked again.</summary>
    public bool IsSearch { get; init; }

    /// <summary>How long a search waits for answers; its first round has ended by then.</summary>
    public TimeSpan Timeout { get; init; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>Our peer id, 20 bytes.</summary>
    public required ReadOnlyMemory<byte> PeerId { get; init; }

    /// <summary>Gives the port that we listen on, or that a search announces; called from any thread.</summary>
    public required Func<int> Port { get; init; }

    /// <summary>Gives, for the port that we listen on, the one by which others reach us from the Internet; called from any thread.</summary>
    public Func<int, int> PublicPort { get; init; } = static port => port;

    /// <summary>Gives the counts; called from any thread.</summary>
    public required Func<AnnounceStatistics> Statistics { get; init; }

    /// <summary>Gets the peers of every answer, known ones included; called from any thread, must return soon.</summary>
    public required Action<IReadOnlyList<DiscoveredPeer>> PeersFound { get; init; }

    /// <summary>Is told of what failed in a search while others may go on; called from any thread.</summary>
    public Action<TorrentException>? OnError { get; init; }

    /// <summary>Gets a line about what was answered; called from any thread.</summary>
    public Action<string>? Log { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Whether the torrent and the user allow a kind of discovery. DHT, peer exchange and local discovery are not for private torrents (BEP 27).</summary>
    public bool Allows(PeerSource source) =>
        (Sources is null || Sources.Contains(source)) && !(IsPrivate && IsBarredFromPrivate(source));

    /// <summary>Whether a kind of discovery tells strangers of a torrent, which private ones forbid (BEP 27).</summary>
    public static bool IsBarredFromPrivate(PeerSource source) => source is PeerSource.Dht or PeerSource.PeerExchange or PeerSource.LocalDiscovery;
}
