using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Discovery;

/// <summary>A kind of discovery source, shared by all torrents of a client. Sockets are opened for the first torrent.</summary>
internal interface IDiscoveryService
{
    /// <summary>The kind.</summary>
    PeerSource Source { get; }

    /// <summary>Creates the source for one torrent, without starting it.</summary>
    /// <exception cref="TorrentException">The source cannot be used for this torrent; the message says why.</exception>
    IPeerDiscovery Create(DiscoveryRequest request);
}
