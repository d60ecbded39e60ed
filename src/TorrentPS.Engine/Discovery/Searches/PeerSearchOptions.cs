using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>The options of a search for peers.</summary>
public sealed record PeerSearchOptions
{
    /// <summary>The only trackers to ask, instead of the torrent's own; empty means the torrent's.</summary>
    public IReadOnlyList<Uri> Trackers { get; init; } = [];

    /// <summary>The sources to ask; null means all that the torrent allows.</summary>
    public IReadOnlyCollection<PeerSource>? Sources { get; init; }

    /// <summary>The number of peers to find; 0 means no limit.</summary>
    public int MaxPeers { get; init; }

    /// <summary>
    /// The port to announce, 1 to 65535; 0 selects a random one that clients rarely use. Trackers identify a client by address and port, and a search ends with
    /// <c>stopped</c>: on the port of a running download it would remove that download from the tracker's list.
    /// </summary>
    public int Port { get; init; }

    /// <summary>How long to wait for answers.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Receives the error of each source that fails; called from any thread.</summary>
    public Action<TorrentException>? OnError { get; init; }
}
