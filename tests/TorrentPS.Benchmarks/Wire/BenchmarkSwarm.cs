using System.Net;
using TorrentPS.Benchmarks.Swarm;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Benchmarks.Wire;

/// <summary>
/// The least that a session needs around it: it asks one peer for everything and throws away what comes, or gives what is asked for from
/// <see cref="Store"/>. Picker, pool, disk threads and loop are the engine's.
/// </summary>
internal sealed class BenchmarkSwarm : ISwarm, IPeerDownload, IPeerUpload, IPeerOwner
{
    private readonly long _startedAt = TimeProvider.System.GetTimestamp();
    private readonly Torrent _torrent;
    private readonly int _segmentLength;
    private readonly int _window;

    public BenchmarkSwarm(Torrent torrent, Bitfield have, int window, SegmentPool pool, DataStore store, DiskQueue disk)
    {
        _segmentLength = SegmentPool.SegmentLength(torrent.PieceLength);
        (_torrent, _window) = (torrent, window);
        (Pool, Store, Disk) = (pool, store, disk);
        Picker = new PiecePicker(torrent, pool, SwarmTorrent.All(torrent.PieceCount), have, sequential: true);
    }

    public double Now => TimeProvider.System.GetElapsedTime(_startedAt).TotalSeconds;

    public Torrent Torrent => _torrent;

    public PiecePicker Picker { get; }

    IPeerDownload ISwarm.Download => this;

    IPeerUpload ISwarm.Upload => this;

    IPeerOwner ISwarm.Owner => this;

    IHashExchange? ISwarm.Hashes => null;

    IPeerExchange? ISwarm.Exchange => null;

    IHolepunchBroker? ISwarm.Holepunch => null;

    BlockReader IPeerUpload.CreateReader() => new(Store, Disk, DiskJobs);

    public DataStore Store { get; }

    public DiskQueue Disk { get; }

    public DiskTally DiskJobs { get; } = new();

    public int ReceiveBufferLength => PeerSession.LargeBuffer;

    public SegmentPool Pool { get; }

    public RateLimiter DownloadLimiter { get; } = new(0, TimeProvider.System);

    public RateLimiter UploadLimiter { get; } = new(0, TimeProvider.System);

    public int ListenPort => 0;

    public int PublicPort => 0;

    public int DhtPort => 0;

    /// <summary>What went wrong, or null.</summary>
    public string? Fault { get; private set; }

    public SuperSeeding? SuperSeeding => null;

    public void PiecesChanged(PeerSession peer, int piece = -1)
    {
        peer.SendInterest(true);
        Ask(peer);
    }

    public void OffersChanged(PeerSession peer)
    {
    }

    public void Rejected(PeerSession peer, Outstanding item)
    {
    }

    public void PieceLost(PeerSession peer, int piece)
    {
    }

    public void ChokeChanged(PeerSession peer) => Ask(peer);

    public void InterestChanged(PeerSession peer) => peer.SendChoke(!peer.State.IsInterestedInUs);

    public void Received(PeerSession peer) => Ask(peer);

    public void BlockReceived(PeerSession peer, Outstanding item)
    {
        OpenPiece piece = item.Piece;
        piece.Receive(item.Block, peer.State);
        while (piece.TakeFullSegment() is { } segment)
        {
            Pool.Return(segment);
            Pool.Release(_segmentLength);
        }

        if (!piece.IsComplete)
            return;
        Picker.Completed(piece);
        Picker.Verified(piece.Index);
        peer.State.Interesting--;
        if (Picker.Missing == 0)
            peer.Close(PeerClose.Stopping);
    }

    public void Complained(PeerSession peer, int piece)
    {
    }

    public void CutShort(PeerSession peer, int piece, TorrentException failure) => Fault ??= failure.Message;

    public void Wasted(PeerSession peer, int bytes) => Fault ??= $"{bytes} bytes came in vain";

    public void Uploaded(PeerSession peer, int bytes)
    {
    }

    public void ExtensionsReceived(PeerSession peer, ExtensionHandshake handshake)
    {
    }

    public void DhtPortReceived(PeerSession peer, int port)
    {
    }

    public void Violated(PeerSession peer, string what) => Fault ??= what;

    public void Faulted(PeerSession peer, Exception fault) => Fault ??= fault.ToString();

    public void Closed(PeerSession peer, PeerClose reason)
    {
    }

    private void Ask(PeerSession peer)
    {
        PeerState state = peer.State;
        if (!state.CanBeAsked || state.Outstanding.Count > _window - 16)
            return;
        while (state.Outstanding.Count < _window && Picker.TryPick(state, out Outstanding picked))
            peer.QueueRequest(picked);
        peer.Flush();
    }

    public bool MayAllowFast(IPAddress address) => true;
}
