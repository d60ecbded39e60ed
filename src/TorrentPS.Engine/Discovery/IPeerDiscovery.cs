using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Discovery;

/// <summary>
/// A source of peers for one torrent while it runs. Its results go to <see cref="DiscoveryRequest.PeersFound"/>, including known peers: the receiver merges them. Members
/// may be called from any thread and never throw.
/// </summary>
internal interface IPeerDiscovery : IAsyncDisposable
{
    /// <summary>The source of its peers.</summary>
    PeerSource Source { get; }

    /// <summary>Whether any answer was ever received, even one without peers.</summary>
    bool AnyAnswered { get; }

    /// <summary>Why the source currently returns nothing; null while it works, and before its first attempt.</summary>
    TorrentException? Failure { get; }

    /// <summary>Completes when all initial requests have been answered or have failed. A search waits no longer than this.</summary>
    Task FirstRound { get; }

    /// <summary>Starts, once. Returns at once.</summary>
    void Start();

    /// <summary>The torrent has too few peers: requests more as soon as that is acceptable.</summary>
    void RequestMore();

    /// <summary>The download is complete.</summary>
    void Completed();

    /// <summary>Stops all activity, and removes us from lists that we may be on. Waits for the answers up to the limit.</summary>
    Task StopAsync(TimeSpan limit);
}
