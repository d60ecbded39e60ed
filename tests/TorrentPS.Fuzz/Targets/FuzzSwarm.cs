using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Fuzz.Targets;

/// <summary>The torrent that a session belongs to: it asks its one peer for what is missing and believes whatever comes.</summary>
internal sealed class FuzzSwarm : ISwarm, IPeerDownload, IPeerUpload, IPeerOwner, IHashExchange, IPeerExchange, IHolepunchBroker
{
    private const int Window = 8;

    private readonly int _segmentLength;

    public FuzzSwarm(Torrent torrent, DataStore store, DiskQueue disk, SegmentPool pool)
    {
        (Store, Disk, Pool) = (store, disk, pool);
        HashSupply = store.Layers is null ? null : new HashSupply(store, disk, DiskJobs);
        _segmentLength = SegmentPool.SegmentLength(torrent.PieceLength);
        var all = new Bitfield(torrent.PieceCount);
        var have = new Bitfield(torrent.PieceCount);
        for (int piece = 0; piece < torrent.PieceCount; piece++)
        {
            all.Add(piece);
            if (piece % 2 == 0)
                have.Add(piece);
        }

        Picker = new PiecePicker(torrent, pool, all, have, sequential: true, new Random(1));
    }

    public double Now { get; set; }

    public Torrent Torrent => Store.Torrent;

    public PiecePicker Picker { get; }

    IPeerDownload ISwarm.Download => this;

    IPeerUpload ISwarm.Upload => this;

    IPeerOwner ISwarm.Owner => this;

    IHashExchange? ISwarm.Hashes => HashSupply is null ? null : this;

    HashSupply IHashExchange.Supply => HashSupply!;

    IPeerExchange ISwarm.Exchange => this;

    IHolepunchBroker ISwarm.Holepunch => this;

    BlockReader IPeerUpload.CreateReader() => new(Store, Disk, DiskJobs);

    public DataStore Store { get; }

    public DiskQueue Disk { get; }

    public DiskTally DiskJobs { get; } = new();

    public int ReceiveBufferLength => PeerSession.LargeBuffer;

    public SegmentPool Pool { get; }

    public RateLimiter DownloadLimiter { get; } = new(0, TimeProvider.System);

    public RateLimiter UploadLimiter { get; } = new(0, TimeProvider.System);

    public int ListenPort => 6881;

    public int PublicPort => ListenPort;

    public void HolepunchReceived(PeerSession peer, HolepunchMessage message)
    {
    }

    public int DhtPort => 6881;

    /// <summary>A bit for each kind of thing that happened.</summary>
    public int What { get; private set; }

    public string? Violation { get; private set; }

    /// <summary>What must not happen.</summary>
    public Exception? Fault { get; private set; }

    public void PeersExchanged(PeerSession peer, PeerExchangeMessage message) => What |= 1;

    public void DhtPortReceived(PeerSession peer, int port) => What |= 2;

    public SuperSeeding? SuperSeeding => null;

    public void PiecesChanged(PeerSession peer, int piece = -1)
    {
        What |= 4;
        peer.SendInterest(true);
    }

    public void OffersChanged(PeerSession peer) => What |= 1 << 27;

    public void ChokeChanged(PeerSession peer)
    {
        What |= peer.State.IsChokingUs ? 8 : 16;
        if (peer.State.IsChokingUs)
            ReleaseAll(peer.State);
        else
            PiecePicker.Reclaim(peer.State);
    }

    public void Rejected(PeerSession peer, Outstanding item)
    {
        What |= 4096;
        Picker.Release(peer.State, item);
    }

    public void PieceLost(PeerSession peer, int piece) => What |= 8192;

    public void InterestChanged(PeerSession peer)
    {
        What |= peer.State.IsInterestedInUs ? 32 : 64;
        peer.SendChoke(!peer.State.IsInterestedInUs);
    }

    public void BlockReceived(PeerSession peer, Outstanding item)
    {
        What |= 128;
        OpenPiece piece = item.Piece;
        piece.Receive(item.Block, peer.State);
        while (piece.TakeFullSegment() is { } segment)
        {
            Pool.Return(segment);
            Pool.Release(_segmentLength);
        }

        if (!piece.IsComplete)
            return;
        What |= 256;
        Picker.Completed(piece);
        Picker.Verified(piece.Index);
        if (peer.State.Pieces[piece.Index])
            peer.State.Interesting--;
        peer.QueueHave(piece.Index);
    }

    public void Received(PeerSession peer)
    {
        PeerState state = peer.State;
        while (state.CanBeAsked && state.Outstanding.Count < Window && Picker.TryPick(state, out Outstanding picked))
            peer.QueueRequest(picked);
    }

    public void Complained(PeerSession peer, int piece)
    {
    }

    public void CutShort(PeerSession peer, int piece, TorrentException failure) => Fault ??= failure;

    public void Wasted(PeerSession peer, int bytes) => What |= 512;

    public void Uploaded(PeerSession peer, int bytes) => What |= 1024;

    public void ExtensionsReceived(PeerSession peer, ExtensionHandshake handshake) => What |= 2048;

    public HashSupply? HashSupply { get; }

    public void HashesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes) =>
        What |= HashProofs.Leads(hashes, range.Length, range.Index, range.BaseLayer, Store.Torrent.PieceRoots![file].Span) ? 1 << 28 : 1 << 29;

    public void HashesRejected(PeerSession peer, int file, HashRange range) => What |= 1 << 30;

    public void Violated(PeerSession peer, string what) => Violation = what;

    public void Faulted(PeerSession peer, Exception fault) => Fault ??= fault;

    public void Closed(PeerSession peer, PeerClose reason)
    {
        ReleaseAll(peer.State);
        Picker.RemovePeer(peer.State);
    }

    private void ReleaseAll(PeerState peer)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
        {
            Picker.Release(peer, peer.Outstanding[i]);
            peer.Outstanding[i] = peer.Outstanding[i] with { IsReleased = true };
        }

        Picker.Disown(peer);
    }

    public bool MayAllowFast(IPAddress address) => true;
}
