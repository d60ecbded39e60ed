using TorrentPS.Engine.Discovery;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// Stands between the discoveries of a torrent and whoever runs it: first the session that resolves a magnet link, then the one that downloads. So
/// nobody is told of a stop and a start that there is none of. Safe for use from several threads.
/// </summary>
internal sealed class DiscoveryRelay
{
    private readonly Lock _lock = new();
    private readonly List<DiscoveredPeer> _waiting = [];
    private Func<int> _port = () => 0;
    private Func<AnnounceStatistics> _statistics = () => new AnnounceStatistics(0, 0, 1);
    private Action<IReadOnlyList<DiscoveredPeer>>? _peersFound;

    /// <summary>Whom to ask and to tell from now on, beginning with the peers that were found while there was nobody.</summary>
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

    /// <summary>There is nobody to tell of peers for now.</summary>
    public void Detach()
    {
        lock (_lock)
            _peersFound = null;
    }

    /// <summary>What the discoveries are to have.</summary>
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
