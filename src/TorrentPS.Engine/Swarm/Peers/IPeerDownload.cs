using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What takes the blocks of a peer and hears what it offers.</summary>
internal interface IPeerDownload
{
    /// <summary>The buffers that blocks are received into.</summary>
    SegmentPool Pool { get; }

    /// <summary>The longest buffer that a peer's bytes are received into: the less, the more peers there are.</summary>
    int ReceiveBufferLength { get; }

    RateLimiter DownloadLimiter { get; }

    /// <summary>The peer's pieces have changed.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="piece">The one that it has got; negative when it told of all.</param>
    void PiecesChanged(PeerSession peer, int piece = -1);

    /// <summary>What the peer offers or wants has changed, but not its pieces.</summary>
    void OffersChanged(PeerSession peer);

    /// <summary>The peer chokes us, or no longer does.</summary>
    void ChokeChanged(PeerSession peer);

    /// <summary>The peer will not send a block that it was asked for (BEP 6); it is no longer outstanding.</summary>
    void Rejected(PeerSession peer, Outstanding item);

    /// <summary>The peer has a piece no longer (BEP 54).</summary>
    void PieceLost(PeerSession peer, int piece);

    /// <summary>A block of an open piece has arrived and lies in its place.</summary>
    void BlockReceived(PeerSession peer, Outstanding item);

    /// <summary>What the peer has sent so far is read: the moment to ask for more.</summary>
    void Received(PeerSession peer);

    /// <summary>Bytes came that are of no use.</summary>
    void Wasted(PeerSession peer, int bytes);
}
