using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery;

/// <summary>The torrent to find peers for, with callbacks for the results.</summary>
internal sealed record DiscoveryRequest
{
    /// <summary>The info hash of the torrent: a hybrid torrent has peers under both hashes.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>The torrent's name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The torrent's trackers by tier (BEP 12).</summary>
    public IReadOnlyList<IReadOnlyList<Uri>> Trackers { get; init; } = [];

    /// <summary>The torrent's DHT nodes as host:port (BEP 5).</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>The peers that the user gave by host name, independent of the sources.</summary>
    public IReadOnlyList<DnsEndPoint> PeerNames { get; init; } = [];

    /// <summary>Whether peers may come only from trackers and the user (BEP 27).</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The sources that the user selected; null means all.</summary>
    public IReadOnlyCollection<PeerSource>? Sources { get; init; }

    /// <summary>Whether this is only a search: it announces nothing where that can be avoided, and asks each source once.</summary>
    public bool IsSearch { get; init; }

    /// <summary>How long a search waits for answers; its first round ends by then.</summary>
    public TimeSpan Timeout { get; init; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>Our peer id, 20 bytes.</summary>
    public required ReadOnlyMemory<byte> PeerId { get; init; }

    /// <summary>Returns the port that we listen on, or that a search announces; called from any thread.</summary>
    public required Func<int> Port { get; init; }

    /// <summary>Returns the external port for a listening port; called from any thread.</summary>
    public Func<int, int> PublicPort { get; init; } = static port => port;

    /// <summary>The address for trackers to list in place of the one that they see; null for none.</summary>
    public IPAddress? AnnounceAddress { get; init; }

    /// <summary>Returns the counts; called from any thread.</summary>
    public required Func<AnnounceStatistics> Statistics { get; init; }

    /// <summary>Receives the peers of every answer, including known ones; called from any thread, must return soon.</summary>
    public required Action<IReadOnlyList<DiscoveredPeer>> PeersFound { get; init; }

    /// <summary>Receives errors of a search that do not end it; called from any thread.</summary>
    public Action<TorrentException>? OnError { get; init; }

    /// <summary>Receives log lines about answers; called from any thread.</summary>
    public Action<string>? Log { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Whether the torrent and the user allow a source. The DHT, peer exchange and local discovery are forbidden for private torrents (BEP 27).</summary>
    public bool Allows(PeerSource source) =>
        (Sources is null || Sources.Contains(source)) && !(IsPrivate && IsBarredFromPrivate(source));

    /// <summary>Whether a source announces a torrent to strangers, which is forbidden for private ones (BEP 27).</summary>
    public static bool IsBarredFromPrivate(PeerSource source) => source is PeerSource.Dht or PeerSource.PeerExchange or PeerSource.LocalDiscovery;
}
