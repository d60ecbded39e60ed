using System.Net;
using TorrentPS.Engine.Discovery;

namespace TorrentPS.Engine.Swarm;

/// <summary>An address that a peer may be at, and what came of trying it.</summary>
internal sealed class PeerCandidate(IPEndPoint endPoint, PeerSource source)
{
    public IPEndPoint EndPoint { get; } = endPoint;

    public PeerSource Source { get; } = source;

    /// <summary>Whether there is a connection, or one is being made.</summary>
    public bool IsBusy { get; set; }

    public bool IsBanned { get; set; }

    /// <summary>Attempts that failed since the last that succeeded.</summary>
    public int Failures { get; set; }
}
