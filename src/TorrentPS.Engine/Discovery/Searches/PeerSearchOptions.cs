using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>How peers are looked for.</summary>
public sealed record PeerSearchOptions
{
    /// <summary>Only these trackers, in place of the torrent's own; empty means the torrent's.</summary>
    public IReadOnlyList<Uri> Trackers { get; init; } = [];

    /// <summary>The discoveries to ask; null means all that the torrent allows.</summary>
    public IReadOnlyCollection<PeerSource>? Sources { get; init; }

    /// <summary>Ends after this many peers; 0 means no limit.</summary>
    public int MaxPeers { get; init; }

    /// <summary>
    /// The port announced, 1 to 65535; 0 takes one at random that no client commonly uses. Trackers know a client by address and port, and a
    /// search ends with <c>stopped</c>: on the port of a running download it would take that download off the tracker's list.
    /// </summary>
    public int Port { get; init; }

    /// <summary>How long to wait for answers.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Is told of each discovery that failed while others may go on; called from any thread.</summary>
    public Action<TorrentException>? OnError { get; init; }
}
