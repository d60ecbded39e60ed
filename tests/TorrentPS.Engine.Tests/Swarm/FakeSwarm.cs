using System.Net;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>What a peer's session needs of a torrent: real data on disk and a real picker, no decisions of its own, and a list of what it was told.</summary>
internal sealed class FakeSwarm : ISwarm, IPeerDownload, IPeerUpload, IPeerOwner, IHashExchange, IPeerExchange, IHolepunchBroker, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FakeSwarm(Sample sample, bool isSeed, long downloadLimit = 0, long uploadLimit = 0)
        : this(sample.Torrent, isSeed, downloadLimit, uploadLimit)
    {
        Sample = sample;
        if (isSeed)
            sample.WriteAll(Store);
    }

    /// <summary>A torrent whose data is zeros.</summary>
    public FakeSwarm(Torrent torrent, bool isSeed, long downloadLimit = 0, long uploadLimit = 0)
    {
        Bitfield have = isSeed ? SwarmData.All(torrent.PieceCount) : new Bitfield(torrent.PieceCount);
        Store = new DataStore(torrent, _folder.Path, [.. torrent.Files.Select(_ => true)]);
        Store.Prepare();
        HashSupply = Store.Layers is null ? null : new HashSupply(Store, Disk, DiskJobs);
        Picker = new PiecePicker(torrent, Pool, SwarmData.All(torrent.PieceCount), have, sequential: true, new Random(1));
        DownloadLimiter = new RateLimiter(downloadLimit, Time);
        UploadLimiter = new RateLimiter(uploadLimit, Time);
    }

    public Sample Sample { get; } = null!;

    public FakeTimeProvider Time { get; } = new();

    public double Now { get; set; }

    public Torrent Torrent => Store.Torrent;

    public PiecePicker Picker { get; }

    IPeerDownload ISwarm.Download => this;

    IPeerUpload ISwarm.Upload => this;

    IPeerOwner ISwarm.Owner => this;

    IHashExchange? ISwarm.Hashes => HashSupply is null ? null : this;

    HashSupply IHashExchange.Supply => HashSupply!;

    IPeerExchange? ISwarm.Exchange => ExchangesPeers ? this : null;

    IHolepunchBroker? ISwarm.Holepunch => ExchangesPeers && PunchesHoles ? this : null;

    BlockReader IPeerUpload.CreateReader() => new(Store, Disk, DiskJobs);

    public DataStore Store { get; }

    public DiskQueue Disk { get; } = new(1);

    public DiskTally DiskJobs { get; } = new();

    public int ReceiveBufferLength { get; set; } = PeerSession.LargeBuffer;

    public SegmentPool Pool { get; } = new(0);

    public RateLimiter DownloadLimiter { get; }

    public RateLimiter UploadLimiter { get; }

    public int ListenPort { get; init; }

    public int PublicPort => ListenPort;

    public bool ExchangesPeers { get; init; }

    public List<PeerExchangeMessage> Exchanged { get; } = [];

    public bool PunchesHoles { get; init; }

    public List<HolepunchMessage> Holepunches { get; } = [];

    public void HolepunchReceived(PeerSession peer, HolepunchMessage message) => Holepunches.Add(message);

    public int DhtPort { get; init; }

    /// <summary>What happened, a word each.</summary>
    public List<string> Events { get; } = [];

    public List<Outstanding> Blocks { get; } = [];

    public ExtensionHandshake? Extensions { get; private set; }

    public long WastedBytes { get; private set; }

    public long UploadedBytes { get; private set; }

    public PeerClose? Reason { get; set; }

    public Exception? Fault { get; private set; }

    public void PeersExchanged(PeerSession peer, PeerExchangeMessage message) => Exchanged.Add(message);

    public SuperSeeding? SuperSeeding { get; set; }

    public void PiecesChanged(PeerSession peer, int piece = -1) => Events.Add($"pieces {peer.State.Pieces.Count}");

    public void OffersChanged(PeerSession peer) => Events.Add("offers");

    /// <summary>What is wrong with this program when a peer chokes or unchokes us.</summary>
    public Exception? ChokeFault { get; set; }

    public void ChokeChanged(PeerSession peer) => (ChokeFault is { } fault ? throw fault : Events).Add(peer.State.IsChokingUs ? "choked" : "unchoked");

    public List<Outstanding> RejectedBlocks { get; } = [];

    public void Rejected(PeerSession peer, Outstanding item) => RejectedBlocks.Add(item);

    public void PieceLost(PeerSession peer, int piece) => Events.Add($"lost {piece}");

    public void InterestChanged(PeerSession peer) => Events.Add(peer.State.IsInterestedInUs ? "interested" : "not interested");

    public void BlockReceived(PeerSession peer, Outstanding item)
    {
        item.Piece.Receive(item.Block, peer.State);
        Blocks.Add(item);
    }

    public void Received(PeerSession peer)
    {
    }

    public void Wasted(PeerSession peer, int bytes) => WastedBytes += bytes;

    public void Uploaded(PeerSession peer, int bytes) => UploadedBytes += bytes;

    public void Complained(PeerSession peer, int piece) => Events.Add($"complained {piece}");

    public void CutShort(PeerSession peer, int piece, TorrentException failure) => Events.Add($"cut short {piece}");

    public void ExtensionsReceived(PeerSession peer, ExtensionHandshake handshake) => Extensions = handshake;

    public void DhtPortReceived(PeerSession peer, int port) => Events.Add($"dht port {port}");

    public HashSupply? HashSupply { get; }

    public List<(int File, HashRange Range, byte[] Hashes)> Hashes { get; } = [];

    public void HashesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes) => Hashes.Add((file, range, hashes.ToArray()));

    public void HashesRejected(PeerSession peer, int file, HashRange range) => Events.Add($"hashes rejected {range.Index}");

    public void Violated(PeerSession peer, string what) => Events.Add($"violated: {what}");

    public void Faulted(PeerSession peer, Exception fault) => Fault = fault;

    public void Closed(PeerSession peer, PeerClose reason)
    {
        Assert.Null(Reason); // once
        Reason = reason;
    }

    public void Dispose()
    {
        Disk.Dispose();
        Store.Dispose();
        _folder.Dispose();
    }

    private readonly HashSet<IPAddress> _allowedFast = [];

    public bool MayAllowFast(IPAddress address) => _allowedFast.Add(AllowedFastSet.NetworkOf(address));
}
