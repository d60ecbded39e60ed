using TorrentPS.Engine.Discovery;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// Connects a torrent's discovery sources to the session that runs it: first the one that resolves a magnet link, then the download. So the sources are not stopped and
/// started in between. Thread-safe.
/// </summary>
internal sealed class DiscoveryRelay
{
    private readonly Lock _lock = new();
    private readonly List<DiscoveredPeer> _waiting = [];
    private Func<int> _port = () => 0;
    private Func<AnnounceStatistics> _statistics = () => new AnnounceStatistics(0, 0, 1);
    private Action<IReadOnlyList<DiscoveredPeer>>? _peersFound;

    /// <summary>Sets the callbacks, beginning with the peers found while there were none.</summary>
    public void Attach(Func<int> port, Func<AnnounceStatistics> statistics, Action<IReadOnlyList<DiscoveredPeer>> peersFound)
    {
        DiscoveredPeer[] waiting;
        lock (_lock)
        {
            (_port, _statistics, _peersFound) = (port, statistics, peersFound);
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        if (waiting.Length > 0)
            peersFound(waiting);
    }

    /// <summary>Removes the callbacks.</summary>
    public void Detach()
    {
        lock (_lock)
            _peersFound = null;
    }

    /// <summary>Connects a request to this relay.</summary>
    public DiscoveryRequest Connect(DiscoveryRequest request) => request with
    {
        Port = () => Get(ref _port)(),
        Statistics = () => Get(ref _statistics)(),
        PeersFound = Found,
    };

    private T Get<T>(ref T value)
    {
        lock (_lock)
            return value;
    }

    private void Found(IReadOnlyList<DiscoveredPeer> peers)
    {
        Action<IReadOnlyList<DiscoveredPeer>>? receiver;
        lock (_lock)
        {
            receiver = _peersFound;
            if (receiver is null && _waiting.Count < PeerBook.MaxCandidates)
                _waiting.AddRange(peers);
        }

        receiver?.Invoke(peers);
    }
}
