using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Decides which data is sent to peers.</summary>
internal interface IPeerUpload
{
    /// <summary>The limit on data to an address.</summary>
    RateLimiter UploadLimiterOf(IPAddress address);

    /// <summary>Selects the pieces shown to peers; null if all are shown.</summary>
    SuperSeeding? SuperSeeding { get; }

    /// <inheritdoc cref="UploadTurns.Unsent"/>
    int Unsent { get; }

    /// <summary>Creates a reader for the blocks of a peer.</summary>
    BlockReader CreateReader();

    /// <summary>The peer's interest in us has changed.</summary>
    void InterestChanged(PeerSession peer);

    /// <summary>Whether pieces may be offered to a peer at an address while it is choked: true once for each network of BEP 6.</summary>
    bool MayAllowFast(IPAddress address);

    /// <summary>Whether peers are served in turns, since more are interested than are served at a time.</summary>
    bool IsCrowded(PeerSession peer);

    /// <summary>The peer requests a block of a piece, which will be sent.</summary>
    void Requested(PeerSession peer, int piece);

    /// <summary>The peer requested a block of a piece, which will not be sent.</summary>
    void Refused(PeerSession peer, int piece);

    /// <summary>Bytes of pieces were sent.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="bytes">The number of bytes.</param>
    /// <param name="piece">The piece of the last byte.</param>
    void Uploaded(PeerSession peer, int bytes, int piece);

    /// <summary>The peer requests a piece again that it has received: it may have found it wrong.</summary>
    void Complained(PeerSession peer, int piece);

    /// <summary>Requested bytes of a piece are missing or cannot be read: the peer's requests are rejected.</summary>
    void CutShort(PeerSession peer, int piece, TorrentException failure);
}
