using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Testing;

/// <summary>
/// The torrent that a connection belongs to, where the connection is what matters. Picker, pool, limiters and disk threads are the engine's. Without a
/// <see cref="Window"/> it makes no decisions and only notes what it is told; with one it asks its one peer for what is missing and believes whatever comes.
/// </summary>
internal class FakeSwarm : ISwarm, IPeerDownload, IPeerUpload, IPeerOwner, IHashExchange, IPeerExchange, IHolepunchBroker
{
    private readonly HashSet<IPAddress> _allowedFast = [];
    private readonly int _segmentLength;
    private double _now;

    /// <param name="disk">The data.</param>
    /// <param name="have">The pieces that are there.</param>
    /// <param name="time">The time of the limiters.</param>
    /// <param name="downloadLimit">Bytes a second; 0 for no limit.</param>
    /// <param name="uploadLimit">Bytes a second; 0 for no limit.</param>
    public FakeSwarm(PieceDisk disk, Bitfield have, TimeProvider time, long downloadLimit = 0, long uploadLimit = 0)
    {
        Disk = disk;
        _segmentLength = SegmentPool.SegmentLength(Torrent.PieceLength);
        HashSupply = disk.Hashes.Layers is null ? null : new HashSupply(disk);
        Bitfield wanted = new(Torrent.PieceCount);
        wanted.AddAll();
        Picker = new PiecePicker(Torrent, Pool, wanted, have, sequential: true, new Random(1));
        DownloadLimiter = new RateLimiter(downloadLimit, time);
        UploadLimiter = new RateLimiter(uploadLimit, time);
    }

    public PieceDisk Disk { get; }

    public Torrent Torrent => Disk.Hashes.Torrent;

    public SegmentPool Pool => Disk.Pool;

    public double Now
    {
        get => Clock?.Invoke() ?? _now;
        set => _now = value;
    }

    /// <summary>What the time is taken from; null where it stands still unless it is set.</summary>
    public Func<double>? Clock { get; init; }

    public PiecePicker Picker { get; }

    IPeerDownload ISwarm.Download => this;

    IPeerUpload ISwarm.Upload => this;

    IPeerOwner ISwarm.Owner => this;

    IHashExchange? ISwarm.Hashes => HashSupply is null ? null : this;

    IPeerExchange? ISwarm.Exchange => ExchangesPeers ? this : null;

    IHolepunchBroker? ISwarm.Holepunch => ExchangesPeers && PunchesHoles ? this : null;

    public HashSupply? HashSupply { get; }

    HashSupply IHashExchange.Supply => HashSupply!;

    public RateLimiter DownloadLimiter { get; }

    RateLimiter IPeerDownload.DownloadLimiterOf(IPAddress address) => DownloadLimiter;

    public RateLimiter UploadLimiter { get; }

    RateLimiter IPeerUpload.UploadLimiterOf(IPAddress address) => UploadLimiter;

    public int ReceiveBufferLength { get; set; } = PeerConnection.LargeBuffer;

    public int ListenPort { get; init; }

    public int PublicPort => ListenPort;

    public int DhtPort { get; init; }

    public bool ExchangesPeers { get; init; }

    public bool PunchesHoles { get; init; }

    public SuperSeeding? SuperSeeding { get; set; }

    /// <summary>How many blocks it asks its peer for at once; 0 where it only notes.</summary>
    public int Window { get; init; }

    /// <summary>What to do with the peer when nothing is missing any more.</summary>
    public Action<PeerSession>? Completed { get; init; }

    /// <summary>What is wrong with this program when a peer chokes or unchokes us.</summary>
    public Exception? ChokeFault { get; set; }

    /// <summary>Whether all is noted in detail.</summary>
    public bool Notes { get; init; }

    /// <summary>What happened, a word each.</summary>
    public List<string> Events { get; } = [];

    /// <summary>A bit for each <see cref="SwarmEvent"/> that happened.</summary>
    public int What { get; private set; }

    public List<Outstanding> Blocks { get; } = [];

    public List<Outstanding> RejectedBlocks { get; } = [];

    public List<PeerExchangeMessage> Exchanged { get; } = [];

    public List<HolepunchMessage> Holepunches { get; } = [];

    public List<(int File, HashRange Range, byte[] Hashes)> Hashes { get; } = [];

    public ExtensionHandshake? Extensions { get; private set; }

    public long WastedBytes { get; private set; }

    public long UploadedBytes { get; private set; }

    public string? Violation { get; private set; }

    /// <summary>A fault of this program.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Why data that the peer asked for was not to be had.</summary>
    public TorrentException? StorageFailure { get; private set; }

    /// <summary>Why the connection has ended; null while it has not.</summary>
    public PeerClose? Reason { get; set; }

    public BlockReader CreateReader() => new(Disk);

    public void PiecesChanged(PeerSession peer, int piece = -1)
    {
        Note(SwarmEvent.PiecesChanged, "pieces", peer.State.Pieces.Count);
        if (Window == 0)
            return;
        peer.SendInterest(true);
        Ask(peer);
    }

    public void OffersChanged(PeerSession peer) => Note(SwarmEvent.OffersChanged, "offers");

    public void ChokeChanged(PeerSession peer)
    {
        if (ChokeFault is { } fault)
            throw fault;
        bool isChoking = peer.State.IsChokingUs;
        Note(isChoking ? SwarmEvent.Choked : SwarmEvent.Unchoked, isChoking ? "choked" : "unchoked");
        if (Window == 0)
            return;
        if (isChoking)
            ReleaseAll(peer.State);
        else
            PiecePicker.Reclaim(peer.State);
        Ask(peer);
    }

    public void Rejected(PeerSession peer, Outstanding item)
    {
        Note(SwarmEvent.Rejected);
        if (Notes)
            RejectedBlocks.Add(item);
        if (Window > 0)
            Picker.Release(peer.State, item);
    }

    public void PieceLost(PeerSession peer, int piece) => Note(SwarmEvent.PieceLost, "lost", piece);

    public void BlockReceived(PeerSession peer, Outstanding item)
    {
        Note(SwarmEvent.BlockReceived);
        OpenPiece piece = item.Piece;
        piece.Receive(item.Block, peer.State);
        if (Notes)
            Blocks.Add(item);
        if (Window > 0)
            Believe(peer, piece);
    }

    public void Received(PeerSession peer)
    {
        if (Window > 0)
            Ask(peer);
    }

    public void Wasted(PeerSession peer, int bytes)
    {
        Note(SwarmEvent.Wasted);
        WastedBytes += bytes;
    }

    public void InterestChanged(PeerSession peer)
    {
        bool isInterested = peer.State.IsInterestedInUs;
        Note(isInterested ? SwarmEvent.Interested : SwarmEvent.NotInterested, isInterested ? "interested" : "not interested");
        if (Window > 0)
            peer.SendChoke(!isInterested);
    }

    public bool MayAllowFast(IPAddress address) => _allowedFast.Add(AllowedFastSet.NetworkOf(address));

    public void Uploaded(PeerSession peer, int bytes)
    {
        Note(SwarmEvent.Uploaded);
        UploadedBytes += bytes;
    }

    public void Complained(PeerSession peer, int piece) => Note(SwarmEvent.Complained, "complained", piece);

    public void CutShort(PeerSession peer, int piece, TorrentException failure)
    {
        StorageFailure ??= failure;
        Note(SwarmEvent.CutShort, "cut short", piece);
    }

    public void DhtPortReceived(PeerSession peer, int port) => Note(SwarmEvent.DhtPort, "dht port", port);

    public void ExtensionsReceived(PeerSession peer, ExtensionHandshake handshake)
    {
        Note(SwarmEvent.Extensions);
        Extensions = handshake;
    }

    public void PeersExchanged(PeerHandler peer, PeerExchangeMessage message)
    {
        Note(SwarmEvent.PeersExchanged);
        if (Notes)
            Exchanged.Add(message);
    }

    public void HolepunchReceived(PeerSession peer, HolepunchMessage message)
    {
        Note(SwarmEvent.Holepunch);
        if (Notes)
            Holepunches.Add(message);
    }

    public void HashesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes)
    {
        if (Notes)
            Hashes.Add((file, range, hashes.ToArray()));
        else
            Note(HashProofs.Leads(hashes, range.Length, range.Index, range.BaseLayer, Torrent.PieceRoots![file].Span) ? SwarmEvent.HashesProved : SwarmEvent.HashesUnproved);
    }

    public void HashesRejected(PeerSession peer, int file, HashRange range) => Note(SwarmEvent.HashesRejected, "hashes rejected", range.Index);

    public void Log(string message)
    {
    }

    public void Violated(PeerHandler peer, string what)
    {
        Violation ??= what;
        Note(SwarmEvent.Violated, $"violated: {what}");
    }

    public void Faulted(PeerHandler peer, Exception fault) => Fault ??= fault;

    public void Closed(PeerSession peer, PeerClose reason)
    {
        if (Reason is not null)
            throw new InvalidOperationException("A connection that has ended ends once more.");
        Reason = reason;
        if (Window == 0)
            return;
        ReleaseAll(peer.State);
        Picker.RemovePeer(peer.State);
    }

    private void Note(SwarmEvent happened, string? word = null, int? number = null)
    {
        What |= 1 << (int)happened;
        if (Notes && word is not null)
            Events.Add(number is null ? word : $"{word} {number}");
    }

    private void Ask(PeerSession peer)
    {
        PeerState state = peer.State;
        if (!state.CanBeAsked || state.Outstanding.Count > Window - Math.Min(Window / 8 + 1, 16))
            return;
        while (state.Outstanding.Count < Window && Picker.TryPick(state, out Outstanding picked))
            peer.QueueRequest(picked);
        peer.Flush();
    }

    /// <summary>Throws away what is whole of a piece, and takes it for right.</summary>
    private void Believe(PeerSession peer, OpenPiece piece)
    {
        while (piece.TakeFullSegment() is { } segment)
        {
            Pool.Return(segment);
            Pool.Release(_segmentLength);
        }

        if (!piece.IsComplete)
            return;
        Note(SwarmEvent.PieceReceived);
        Picker.Completed(piece);
        Picker.Verified(piece.Index);
        if (peer.State.Pieces[piece.Index])
            peer.State.Interesting--;
        if (!peer.State.IsPlainSeed)
            peer.QueueHave(piece.Index);
        if (Picker.Missing == 0)
            Completed?.Invoke(peer);
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
}
