using System.Net;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>The torrent that a roster belongs to. All members are called on the torrent's loop.</summary>
/// <typeparam name="TPeer">The type of its connections.</typeparam>
internal interface IRosterOwner<TPeer> : IIncomingTorrent
    where TPeer : class, IRosterPeer
{
    /// <summary>The torrent's clock, in seconds.</summary>
    double Now { get; }

    /// <summary>Whether it is stopping, so that nothing new is started.</summary>
    bool IsStopping { get; }

    /// <summary>Whether connections are neither made nor accepted at the moment.</summary>
    bool IsPaused => false;

    /// <summary>Whether to declare a DHT node to peers (BEP 5).</summary>
    bool HasDht { get; }

    int ListenPort { get; }

    /// <summary>The info hashes for outgoing connections.</summary>
    WireHashes Dialled { get; }

    /// <summary>Creates the object for a connection.</summary>
    TPeer Create(PeerStream stream, Handshake handshake, PeerCandidate? candidate, bool isV2);

    /// <summary>Starts a connection, which is now in the roster.</summary>
    void Begin(TPeer peer);

    /// <summary>All places are taken and another peer comes: closes a less valuable connection; false if there is none.</summary>
    bool MakeRoomFor(IPEndPoint comer);

    /// <summary>A connection attempt failed.</summary>
    void Unreached(PeerCandidate candidate, PeerHandshakeStatus status)
    {
    }

    void Log(string message);
}
