using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Discovery;

/// <summary>
/// One way of finding peers for one torrent while it runs. What it finds goes to <see cref="DiscoveryRequest.PeersFound"/>, known peers
/// included: whoever receives them merges. Members may be called from any thread and throw nothing.
/// </summary>
internal interface IPeerDiscovery : IAsyncDisposable
{
    /// <summary>What its peers have as their source.</summary>
    PeerSource Source { get; }

    /// <summary>Whether anybody has answered it at any time, if only that there are no peers.</summary>
    bool AnyAnswered { get; }

    /// <summary>Why nothing is to be expected of it for now; null while it works, and while it has not been tried out.</summary>
    TorrentException? Failure { get; }

    /// <summary>Ends when all that is asked at the start has been answered, or has failed. A search waits for no more than this.</summary>
    Task FirstRound { get; }

    /// <summary>Begins, once. Returns at once.</summary>
    void Start();

    /// <summary>The torrent has too few peers: asks again as soon as that is no burden to those asked.</summary>
    void RequestMore();

    /// <summary>The download is complete.</summary>
    void Completed();

    /// <summary>Ends what runs, and takes us off the lists of those that may list us. Waits for their answers, but not longer than told.</summary>
    Task StopAsync(TimeSpan limit);
}
