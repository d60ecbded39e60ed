using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Swarm.WebSeeds;

namespace TorrentPS.Engine.Swarm;

/// <summary>Parts with the sources of data that is bad, or that brings out a fault, whatever kind they are of. Belongs to the torrent's loop.</summary>
internal sealed class PeerBans(Roster<PeerSession> roster)
{
    /// <summary>The web seeds; null when there are none.</summary>
    public WebSeedPool? WebSeeds { get; set; }

    /// <summary>One has sent bad data.</summary>
    public void Ban(PeerState peer)
    {
        if (WebSeeds?.Ban(peer) == true)
            return;
        if (peer is ConnectedPeerState { Session: var session })
            roster.Ban(session, "bad data");
    }

    /// <summary>What one has sent has brought out a fault of this program; false when it was closed before.</summary>
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
