using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>Finds peers through trackers.</summary>
/// <param name="trackers">Creates them.</param>
/// <param name="address">The address to announce; null for the one that the trackers see.</param>
internal sealed class TrackerDiscovery(TrackerFactory trackers, IPAddress? address = null) : IDiscoveryService
{
    public PeerSource Source => PeerSource.Tracker;

    public IPeerDiscovery Create(DiscoveryRequest request)
    {
        if (!request.Trackers.Any(tier => tier.Count > 0))
            throw new TorrentException(TorrentErrorId.NoPeers, $"The torrent '{request.Name}' names no tracker, so there is none to ask for peers; name a tracker to ask.");
        request = request with { AnnounceAddress = address };
        return request.IsSearch ? new TrackerSearch(request, trackers.Create) : new TrackerAnnouncer(request, trackers.Create);
    }
}
