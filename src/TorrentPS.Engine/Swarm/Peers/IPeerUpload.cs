using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What decides which data a peer is sent, and hears what it was sent.</summary>
internal interface IPeerUpload
{
    RateLimiter UploadLimiter { get; }

    /// <summary>Which pieces peers are shown; null when all are.</summary>
    SuperSeeding? SuperSeeding { get; }

    /// <summary>Makes what reads the blocks that a peer is sent.</summary>
    BlockReader CreateReader();

    /// <summary>The peer is interested in us, or no longer is.</summary>
    void InterestChanged(PeerSession peer);

    /// <summary>Whether a peer at an address may be told of pieces that it may ask for while it is choked: true once for each network of BEP 6.</summary>
    bool MayAllowFast(IPAddress address);

    /// <summary>Bytes of pieces were sent.</summary>
    void Uploaded(PeerSession peer, int bytes);

    /// <summary>The peer asks again for a piece that it got: perhaps it found it wrong.</summary>
    void Complained(PeerSession peer, int piece);

    /// <summary>Bytes of a piece that the peer asked for are not there any more, or cannot be read: what it asked for is refused.</summary>
    void CutShort(PeerSession peer, int piece, TorrentException failure);
}
