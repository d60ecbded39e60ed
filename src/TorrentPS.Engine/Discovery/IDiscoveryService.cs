using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Discovery;

/// <summary>A kind of discovery, as the client has it for all torrents. What it needs to open is opened with the first torrent.</summary>
internal interface IDiscoveryService
{
    /// <summary>The kind.</summary>
    PeerSource Source { get; }

    /// <summary>Makes the discovery of one torrent, which is not started.</summary>
    /// <exception cref="TorrentException">It is of no use for this torrent; the message says why.</exception>
    IPeerDiscovery Create(DiscoveryRequest request);
}
