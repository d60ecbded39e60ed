using System.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>A connection in the roster of a torrent.</summary>
internal interface IRosterPeer
{
    IPEndPoint EndPoint { get; }

    Handshake Handshake { get; }

    /// <summary>Whether we made the connection.</summary>
    bool IsOutgoing { get; }

    /// <summary>When it was connected, on the torrent's clock in seconds.</summary>
    double ConnectedAt { get; }

    /// <summary>The account for addresses that the peer names; null until it names one.</summary>
    PeerTeller? Teller { get; set; }

    /// <summary>A fault of this program with the connection: ends it, and nothing else.</summary>
    void Fault(Exception fault);

    /// <summary>Closes the connection; the torrent is notified once.</summary>
    void Close(PeerClose reason);
}
