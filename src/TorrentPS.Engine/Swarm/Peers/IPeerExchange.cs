using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Handles peer exchange messages (BEP 11).</summary>
internal interface IPeerExchange : ISwarmTime
{
    /// <summary>The peer names others.</summary>
    void PeersExchanged(PeerHandler peer, PeerExchangeMessage message);
}
