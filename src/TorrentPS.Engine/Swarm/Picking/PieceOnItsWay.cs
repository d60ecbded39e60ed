namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>A piece suggested to, requested by or sent to a peer that has not announced it yet.</summary>
internal sealed class PieceOnItsWay(PeerState peer, int piece)
{
    public readonly PeerState Peer = peer;
    public readonly int Piece = piece;

    /// <summary>The time when it was last suggested, requested or sent.</summary>
    public double SeenAt;

    /// <summary>The time when that was last checked.</summary>
    public double WatchedAt;

    /// <summary>Whether the peer has requested it.</summary>
    public bool IsAskedFor;

    /// <summary>Whether some of it was sent.</summary>
    public bool IsBegun;

    /// <summary>Whether the peer has announced it, not pursued it or left.</summary>
    public bool IsEnded;
}
