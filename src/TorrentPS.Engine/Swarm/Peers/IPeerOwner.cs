using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What keeps the connections: what a peer is told of us, and how its connection fares.</summary>
internal interface IPeerOwner : IPeerHost
{
    /// <summary>The port of our node of the DHT; 0 when this torrent has nothing to do with it.</summary>
    int DhtPort { get; }

    /// <summary>The peer has told the port of its node of the DHT.</summary>
    void DhtPortReceived(PeerSession peer, int port);

    /// <summary>The peer told its extensions.</summary>
    void ExtensionsReceived(PeerSession peer, ExtensionHandshake handshake);

    /// <summary>The connection has ended.</summary>
    void Closed(PeerSession peer, PeerClose reason);
}
