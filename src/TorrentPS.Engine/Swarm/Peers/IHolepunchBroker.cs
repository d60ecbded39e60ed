using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What brings peers together that cannot connect to each other (BEP 55).</summary>
internal interface IHolepunchBroker : ISwarmTime
{
    /// <summary>The peer wants to be brought together with another, or brings us together.</summary>
    void HolepunchReceived(PeerSession peer, HolepunchMessage message);
}
