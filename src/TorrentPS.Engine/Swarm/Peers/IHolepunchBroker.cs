using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Relays holepunching between peers (BEP 55).</summary>
internal interface IHolepunchBroker : ISwarmTime
{
    /// <summary>The peer requests a connection to another, or helps us to connect.</summary>
    void HolepunchReceived(PeerSession peer, HolepunchMessage message);
}
