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
/// The torrent of a connection, for tests of the connection. Picker, pool, limiters and disk threads are the engine's. Without a <see cref="Window"/> it makes no
/// decisions and only records calls; with one it requests the missing blocks from its one peer and accepts any data.
/// </summary>
internal class FakeSwarm : ISwarm, IPeerDownload, IPeerUpload, IPeerOwner, IHashExchange, IPeerExchange, IHolepunchBroker
{
    private readonly HashSet<IPAddress> _allowedFast = [];
    private readonly int _segmentLength;
    private double _now;

    /// <param name="disk">The data.</param>
    /// <param name="have">The complete pieces.</param>
    /// <param name="time">The clock of the limiters.</param>
    /// <param name="downloadLimit">Bytes per second; 0 for no limit.</param>
    /// <param name="uploadLimit">Bytes per second; 0 for no limit.</param>
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

    /// <summary>The source of time; null if time stands still unless it is set.</summary>
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

    /// <summary>The number of blocks requested from its peer at once; 0 if it only records calls.</summary>
    public int Window { get; init; }

    /// <summary>Called with the peer when the torrent is complete.</summary>
    public Action<PeerSession>? Completed { get; init; }

    /// <summary>A fault of this program, thrown when a peer chokes or unchokes us.</summary>
    public Exception? ChokeFault { get; set; }

    /// <summary>Whether all calls are recorded in detail.</summary>
    public bool Notes { get; init; }

    /// <summary>The events, a word each.</summary>
    public List<string> Events { get; } = [];

    /// <summary>The events, a bit for each <see cref="SwarmEvent"/>.</summary>
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

    /// <summary>The error of storage when data was read for the peer.</summary>
    public TorrentException? StorageFailure { get; private set; }

    /// <summary>The reason for the end of the connection; null while it is open.</summary>
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

    public bool IsInCrowd { get; set; }

    public bool IsCrowded(PeerSession peer) => IsInCrowd;

    /// <summary>The last piece of each send.</summary>
    public List<int> UploadedPieces { get; } = [];

    public int Unsent => 0;

    public void Requested(PeerSession peer, int piece)
    {
    }

    public void Refused(PeerSession peer, int piece)
    {
    }

    public bool TryFind(Outstanding given, out Outstanding again) => Picker.TryFind(given, out again);

    public void Uploaded(PeerSession peer, int bytes, int piece)
    {
        Note(SwarmEvent.Uploaded);
        UploadedBytes += bytes;
        if (Notes)
            UploadedPieces.Add(piece);
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

    /// <summary>Discards the complete blocks of a piece, and accepts them as right.</summary>
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
