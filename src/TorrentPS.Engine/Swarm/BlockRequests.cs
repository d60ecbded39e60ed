using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Swarm.WebSeeds;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>Requests blocks from peers: from which peer now, and how many. Blocks that become free are requested from others. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="picker">Picks the blocks.</param>
/// <param name="pool">Their memory.</param>
/// <param name="limit">The download limit.</param>
/// <param name="counters">The transfer counters.</param>
internal sealed class BlockRequests(SwarmRun run, Roster<PeerSession> roster, PiecePicker picker, SegmentPool pool, PeerLimit limit, TransferCounters counters)
{
    private readonly List<PeerState> _sources = [];
    private long _sourcesAt = -1;
    private volatile bool _isShortOfMemory;
    private int _fairWindow = int.MaxValue;
    private int _localWindow = int.MaxValue;
    private long _ticks;
    private int _askedFirst;
    private bool _isSwarm;

    /// <summary>The web seeds; null if there are none.</summary>
    public WebSeedPool? WebSeeds { get; set; }

    /// <summary>All sources that blocks are requested from, at this tick: those that have left since owe nothing.</summary>
    public IReadOnlyList<PeerState> Sources
    {
        get
        {
            if (_sourcesAt == _ticks)
                return _sources;
            _sourcesAt = _ticks;
            _sources.Clear();
            foreach (PeerSession peer in roster.Peers)
                _sources.Add(peer.State);
            if (WebSeeds is not null)
                _sources.AddRange(WebSeeds.States);
            return _sources;
        }
    }

    /// <summary>The current sources of blocks.</summary>
    public IReadOnlyList<PeerState> CurrentSources => [.. roster.Peers.Select(peer => peer.State), .. WebSeeds?.States ?? []];

    /// <summary>Starts a tick.</summary>
    public void BeginTick()
    {
        _ticks++;
        _isSwarm = Array.Exists(roster.Peers, peer => !peer.State.Pieces.IsFull);
        Share();
    }

    /// <summary>Fills a peer's window with requests, which are sent together.</summary>
    public void Ask(PeerSession peer)
    {
        PeerState state = peer.State;
        if (run.IsStopping || run.IsPaused || run.IsComplete || !(state.CanBeAsked || state.CanBeAskedWhileChoking) || peer.IsClosed)
            return;
        state.Window.IsShort = _isSwarm;
        int window = Math.Min(state.Window.Size, IsCounted(limit, peer) ? _fairWindow : _localWindow);
        if (state.Outstanding.Count > window - Math.Min(window / 8 + 1, 16))
            return; // several at a time, so that one send carries them
        if (state.Outstanding.Count == 0)
        {
            state.LastBlockAt = run.Now;
            state.DownloadRate.Resume(state.LastBlockAt);
        }

        state.Suggested.Expire(run.Now);
        while (state.Outstanding.Count < window)
        {
            if (!TryPick(state, out Outstanding picked))
                break;
            peer.QueueRequest(picked);
        }

        if (state.Outstanding.Count < window && pool.IsShort)
            _isShortOfMemory = true; // all are asked again when memory becomes free
        peer.Flush();
    }

    private bool TryPick(PeerState peer, out Outstanding picked) =>
        peer.IsChokingUs ? picker.TryPickAllowed(peer, out picked) : TryPickDue(peer, out picked) || picker.TryPick(peer, out picked) || TryHurry(peer, out picked);

    private bool TryPickDue(PeerState peer, out Outstanding picked)
    {
        picked = default;
        if (picker.Deadlines.All.Count == 0)
            return false;
        peer.Rate = peer.DownloadRate.PerSecond(run.Now);
        return picker.Deadlines.TryPick(peer, run.Now, out picked);
    }

    /// <summary>Finds a block that another peer owes, for a peer with nothing else to send.</summary>
    private bool TryHurry(PeerState peer, out Outstanding picked)
    {
        picked = default;
        // Rates are updated once a tick, so a failed search is not repeated before the next.
        if ((peer.Outstanding.Count > 0 && peer.HurriedInVainAt == _ticks) || !picker.HasNothingFreeFor(peer))
            return false;
        peer.Rate = peer.DownloadRate.PerSecond(run.Now); // it may have been idle until now
        if (EndGame.TryPick(picker, Sources, peer, run.Now, limit.Limiter.IsExhausted && limit.Counts(peer.EndPoint.Address), out picked))
            return true;
        peer.HurriedInVainAt = _ticks;
        return false;
    }

    /// <summary>
    /// Divides the possible outstanding requests among the peers, limited by memory and the download limit. What a peer does not need goes to the others. Without this,
    /// the first few peers would use everything, and the others would be idle.
    /// </summary>
    public void Share()
    {
        if (run.IsComplete)
            return;
        double blocks = pool.Limit / 4 * 3 / BlockRequest.BlockLength;
        if (!limit.Limiter.IsLimited)
        {
            _localWindow = _fairWindow = Window(blocks, RequestWindow.Minimum, static (_, _) => true);
            return;
        }

        _localWindow = Window(blocks, RequestWindow.Minimum, static (limit, peer) => !IsCounted(limit, peer));
        blocks = Math.Min(blocks, limit.Limiter.BytesPerSecond * RequestWindow.QueueSeconds / BlockRequest.BlockLength);
        _fairWindow = Window(blocks, 1, IsCounted);
    }

    /// <summary>Whether the limit applies to a peer, as decided when it connected: an address is not examined with each block.</summary>
    private static bool IsCounted(PeerLimit limit, PeerSession peer) => peer.DownloadLimiter == limit.Limiter;

    /// <summary>Divides a number of blocks to request among some peers.</summary>
    private int Window(double blocks, int least, Func<PeerLimit, PeerSession, bool> isOne)
    {
        PeerSession[] peers = roster.Peers;
        Span<int> windows = peers.Length <= 256 ? stackalloc int[256] : new int[peers.Length];
        int count = 0;
        foreach (PeerSession peer in peers)
        {
            if (peer.State.CanBeAsked && isOne(limit, peer))
                windows[count++] = peer.State.Window.Size;
        }

        return Math.Max(FairShare.Level(windows[..count], (long)blocks), least);
    }

    /// <summary>Blocks became free: peers with room request them.</summary>
    public void AskAll() => roster.ForEach(this, static (self, peer) => self.Ask(peer));

    /// <summary>There was no memory for a block: free memory is to be reported.</summary>
    public void LackMemory() => _isShortOfMemory = true;

    /// <summary>The memory of a segment is free again. From any thread.</summary>
    public void SegmentFreed()
    {
        if (_isShortOfMemory)
            run.Loop.Enqueue(_ => AskAgain(), null);
    }

    /// <summary>Memory may be available again after a shortage.</summary>
    public void PieceFreed()
    {
        if (_isShortOfMemory)
            AskAgain();
    }

    /// <summary>Memory may be available again: peers use it in turn, while there is some.</summary>
    private void AskAgain()
    {
        _isShortOfMemory = false;
        WebSeeds?.Pulse();
        PeerSession[] peers = roster.Peers;
        for (int i = 0; i < peers.Length && !_isShortOfMemory; i++)
            Roster<PeerSession>.Try(peers[(_askedFirst + i) % peers.Length], this, static (self, peer) => self.Ask(peer));
        _askedFirst = peers.Length == 0 ? 0 : (_askedFirst + 1) % peers.Length;
    }

    /// <summary>If memory is still short at a tick, the pieces that no peer can finish release theirs.</summary>
    public void FreeMemory()
    {
        if (!_isShortOfMemory)
            return;
        _isShortOfMemory = false;
        counters.Waste(picker.AbandonUnfinishable(CurrentSources));
        AskAll();
    }

    /// <summary>Releases everything that a peer owes.</summary>
    public void ReleaseAll(PeerState peer)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
            picker.Release(peer, peer.Outstanding[i]);
        peer.Outstanding.Clear();
        picker.Disown(peer);
    }

    /// <summary>Releases everything that a peer owes, but still accepts it.</summary>
    public void ReleaseOwed(PeerState peer)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
            Release(peer, i);
        picker.Disown(peer);
    }

    /// <summary>A peer with the fast extension chokes us: it will reject every request that it does not allow while choking, so others may be asked at once.</summary>
    public void ReleaseRefused(PeerState peer)
    {
        peer.LastBlockAt = run.Now;
        for (int i = 0; i < peer.Outstanding.Count; i++)
        {
            if (!peer.AllowedFast.Contains(peer.Outstanding[i].Piece.Index))
                Release(peer, i);
        }

        picker.Disown(peer);
    }

    /// <summary>A peer no longer has a piece: releases the blocks of it that the peer owes.</summary>
    public void ReleasePiece(PeerState peer, int piece)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
        {
            if (peer.Outstanding[i].Piece.Index == piece)
                Release(peer, i);
        }
    }

    /// <summary>Releases a block that a peer owes, but still accepts it.</summary>
    private void Release(PeerState peer, int outstanding)
    {
        picker.Release(peer, peer.Outstanding[outstanding]);
        peer.Outstanding[outstanding] = peer.Outstanding[outstanding] with { IsReleased = true };
    }
}
