using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Handles the blocks and offers of a peer.</summary>
internal interface IPeerDownload
{
    /// <summary>Finds a block that was requested before its piece was given up, in the same piece started again; false if it is not missing there.</summary>
    bool TryFind(Outstanding given, out Outstanding again);

    /// <summary>The buffers for received blocks.</summary>
    SegmentPool Pool { get; }

    /// <summary>The maximum length of a peer's receive buffer: smaller with more peers.</summary>
    int ReceiveBufferLength { get; }

    /// <summary>The limit on blocks from an address.</summary>
    RateLimiter DownloadLimiterOf(IPAddress address);

    /// <summary>The peer's pieces have changed.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="piece">The new piece; negative if the peer declared all its pieces.</param>
    void PiecesChanged(PeerSession peer, int piece = -1);

    /// <summary>Something other than the peer's pieces has changed in its offers or interests.</summary>
    void OffersChanged(PeerSession peer);

    /// <summary>The peer chokes or unchokes us.</summary>
    void ChokeChanged(PeerSession peer);

    /// <summary>The peer rejected a request (BEP 6), which is no longer outstanding.</summary>
    void Rejected(PeerSession peer, Outstanding item);

    /// <summary>The peer no longer has a piece (BEP 54).</summary>
    void PieceLost(PeerSession peer, int piece);

    /// <summary>A block of an open piece has been received into its place.</summary>
    void BlockReceived(PeerSession peer, Outstanding item);

    /// <summary>All bytes received so far are processed: the moment to send more requests.</summary>
    void Received(PeerSession peer);

    /// <summary>Useless bytes were received.</summary>
    void Wasted(PeerSession peer, int bytes);
}
