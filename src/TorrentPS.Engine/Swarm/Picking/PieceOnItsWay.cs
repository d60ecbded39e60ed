namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>A piece that a peer was suggested, has asked for or was sent, and has not announced yet.</summary>
internal sealed class PieceOnItsWay(PeerState peer, int piece)
{
    public readonly PeerState Peer = peer;
    public readonly int Piece = piece;

    /// <summary>When it was suggested, asked for or sent last.</summary>
    public double SeenAt;

    /// <summary>When that was looked at last.</summary>
    public double WatchedAt;

    /// <summary>Whether the peer has asked for it.</summary>
    public bool IsAskedFor;

    /// <summary>Whether some of it was sent.</summary>
    public bool IsBegun;

    /// <summary>Whether the peer has announced it, let it lie or left.</summary>
    public bool IsEnded;
}
