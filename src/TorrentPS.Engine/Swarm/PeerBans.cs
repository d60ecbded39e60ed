using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Swarm.WebSeeds;

namespace TorrentPS.Engine.Swarm;

/// <summary>Bans sources of bad data, and closes those whose data triggers a fault, of every kind. Belongs to the torrent's loop.</summary>
internal sealed class PeerBans(Roster<PeerSession> roster)
{
    /// <summary>The web seeds; null if there are none.</summary>
    public WebSeedPool? WebSeeds { get; set; }

    /// <summary>The source has sent bad data.</summary>
    public void Ban(PeerState peer)
    {
        if (WebSeeds?.Ban(peer) == true)
            return;
        if (peer is ConnectedPeerState { Session: var session })
            roster.Ban(session, "bad data");
    }

    /// <summary>Data from the source has triggered a fault of this program; false if it was already closed.</summary>
    public bool Fault(PeerState peer, Exception fault)
    {
        if (peer is not ConnectedPeerState { Session: var session })
            return WebSeeds?.Fault(peer, fault) == true;
        if (session.IsClosed)
            return false;
        session.Fault(fault);
        return true;
    }
}
