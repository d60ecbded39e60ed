using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What takes the addresses that peers name (BEP 11).</summary>
internal interface IPeerExchange : ISwarmTime
{
    /// <summary>The peer tells of others.</summary>
    void PeersExchanged(PeerHandler peer, PeerExchangeMessage message);
}
