using System.Net;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>What a roster needs of the torrent whose peers it keeps. Everything is called on the torrent's loop.</summary>
/// <typeparam name="TPeer">Its connections.</typeparam>
internal interface IRosterOwner<TPeer> : IIncomingTorrent
    where TPeer : class, IRosterPeer
{
    /// <summary>Seconds of the torrent's clock.</summary>
    double Now { get; }

    /// <summary>Whether it ends, and nothing more is begun.</summary>
    bool IsStopping { get; }

    /// <summary>Whether peers are told that there is a node of the DHT (BEP 5).</summary>
    bool HasDht { get; }

    int ListenPort { get; }

    /// <summary>What peers are called by.</summary>
    WireHashes Dialled { get; }

    /// <summary>Makes what serves a connection.</summary>
    TPeer Create(PeerStream stream, Handshake handshake, PeerCandidate? candidate, bool isV2);

    /// <summary>Begins with a peer, which is among the others now.</summary>
    void Begin(TPeer peer);

    /// <summary>All places are taken and another comes: closes one that is worth less; false when none is.</summary>
    bool MakeRoomFor(IPEndPoint comer);

    /// <summary>An address could not be connected to.</summary>
    void Unreached(PeerCandidate candidate, PeerHandshakeStatus status)
    {
    }

    void Log(string message);
}
