using System.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>A connection as the roster of a torrent sees it.</summary>
internal interface IRosterPeer
{
    IPEndPoint EndPoint { get; }

    Handshake Handshake { get; }

    /// <summary>Whether we made it.</summary>
    bool IsOutgoing { get; }

    /// <summary>When it was connected, in seconds of the torrent's clock.</summary>
    double ConnectedAt { get; }

    /// <summary>What it is allowed to name, from when it has named something.</summary>
    PeerTeller? Teller { get; set; }

    /// <summary>Something happened with it that must not: that ends it, and nothing else.</summary>
    void Fault(Exception fault);

    /// <summary>Ends it; the torrent hears of it once.</summary>
    void Close(PeerClose reason);
}
