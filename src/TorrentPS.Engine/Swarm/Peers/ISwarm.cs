using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What a peer's session needs of the torrent it belongs to. Everything is called on the torrent's loop.</summary>
internal interface ISwarm
{
    /// <summary>Seconds of the torrent's clock.</summary>
    double Now { get; }

    PiecePicker Picker { get; }

    DataStore Store { get; }

    DiskQueue Disk { get; }

    DiskTally DiskJobs { get; }

    SegmentPool Pool { get; }

    /// <summary>The longest buffer that a peer's bytes are received into: the less, the more peers there are.</summary>
    int ReceiveBufferLength { get; }

    RateLimiter DownloadLimiter { get; }

    RateLimiter UploadLimiter { get; }

    /// <summary>The port that peers may connect to; 0 when there is none.</summary>
    int ListenPort { get; }

    /// <summary>The port by which peers in the Internet reach us, where a gateway passes them on.</summary>
    int PublicPort => ListenPort;

    /// <summary>Which pieces peers are shown; null when all are.</summary>
    SuperSeeding? SuperSeeding { get; }

    /// <summary>Whether peers may tell each other of others (BEP 11): not those of a private torrent (BEP 27).</summary>
    bool ExchangesPeers { get; }

    /// <summary>The peer tells of others.</summary>
    void PeersExchanged(PeerSession peer, PeerExchangeMessage message);

    /// <summary>Whether peers bring each other together (BEP 55).</summary>
    bool PunchesHoles { get; }

    /// <summary>The peer wants to be brought together with another, or brings us together.</summary>
    void HolepunchReceived(PeerSession peer, HolepunchMessage message);

    /// <summary>The port of our node of the DHT; 0 when this torrent has nothing to do with it.</summary>
    int DhtPort { get; }

    /// <summary>The peer has told the port of its node of the DHT.</summary>
    void DhtPortReceived(PeerSession peer, int port);

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

    /// <summary>The peer is interested in us, or no longer is.</summary>
    void InterestChanged(PeerSession peer);

    /// <summary>A block of an open piece has arrived and lies in its place.</summary>
    void BlockReceived(PeerSession peer, Outstanding item);

    /// <summary>What the peer has sent so far is read: the moment to ask for more.</summary>
    void Received(PeerSession peer);

    /// <summary>Bytes came that are of no use.</summary>
    void Wasted(PeerSession peer, int bytes);

    /// <summary>Bytes of pieces were sent.</summary>
    void Uploaded(PeerSession peer, int bytes);

    /// <summary>The peer asks again for a piece that it got: perhaps it found it wrong.</summary>
    void Complained(PeerSession peer, int piece);

    /// <summary>Bytes of a piece that the peer asked for are not there any more: what it asked for is refused.</summary>
    void CutShort(PeerSession peer, int piece, Errors.TorrentException failure);

    /// <summary>What hashes are given from (BEP 52); null for a v1 torrent.</summary>
    HashSupply? HashSupply { get; }

    /// <summary>The peer sent hashes that it was asked for.</summary>
    void HashesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes);

    /// <summary>The peer does not send hashes that it was asked for.</summary>
    void HashesRejected(PeerSession peer, int file, HashRange range);

    /// <summary>The peer told its extensions.</summary>
    void ExtensionsReceived(PeerSession peer, ExtensionHandshake handshake);

    /// <summary>The peer broke the protocol; its connection is about to be closed.</summary>
    void Violated(PeerSession peer, string what);

    /// <summary>The data could not be read.</summary>
    void StorageFailed(Errors.TorrentException failure);

    /// <summary>What the peer sent brought out a fault of this program; its connection is about to be closed.</summary>
    void Faulted(PeerSession peer, Exception fault);

    /// <summary>The connection has ended.</summary>
    void Closed(PeerSession peer, PeerClose reason);

    /// <summary>Whether a peer at an address may be told of pieces that it may ask for while it is choked: true once for each network of BEP 6.</summary>
    bool MayAllowFast(IPAddress address);
}
