using System.Net;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The state of a connected peer, with its connection. Sources without one, such as web seeds, have a plain <see cref="PeerState"/>.</summary>
internal sealed class ConnectedPeerState(PeerSession session, IPEndPoint endPoint, int pieceCount) : PeerState(endPoint, pieceCount)
{
    /// <summary>The connection.</summary>
    public PeerSession Session => session;
}
