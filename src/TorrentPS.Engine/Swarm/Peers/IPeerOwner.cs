using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Keeps the connections: our declarations to peers, and events of connections.</summary>
internal interface IPeerOwner : IPeerHost
{
    /// <summary>The port of our DHT node; 0 if the torrent does not use the DHT.</summary>
    int DhtPort { get; }

    /// <summary>The peer has announced the port of its DHT node.</summary>
    void DhtPortReceived(PeerSession peer, int port);

    /// <summary>The peer sent an extension handshake.</summary>
    void ExtensionsReceived(PeerSession peer, ExtensionHandshake handshake);

    /// <summary>The connection has ended.</summary>
    void Closed(PeerSession peer, PeerClose reason);
}
