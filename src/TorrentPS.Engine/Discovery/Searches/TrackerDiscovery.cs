using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>Finds peers through trackers.</summary>
internal sealed class TrackerDiscovery(TrackerFactory trackers) : IDiscoveryService
{
    public PeerSource Source => PeerSource.Tracker;

    public IPeerDiscovery Create(DiscoveryRequest request)
    {
        if (!request.Trackers.Any(tier => tier.Count > 0))
            throw new TorrentException(TorrentErrorId.NoPeers, $"The torrent '{request.Name}' names no tracker, so there is none to ask for peers; name a tracker to ask.");
        return request.IsSearch ? new TrackerSearch(request, trackers.Create) : new TrackerAnnouncer(request, trackers.Create);
    }
}
