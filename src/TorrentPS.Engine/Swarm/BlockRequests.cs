using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Swarm.WebSeeds;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>Asks peers for blocks: which peer now, and for how many at once. What becomes free is asked of others. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="picker">Chooses the blocks.</param>
/// <param name="pool">The memory for them.</param>
/// <param name="limiter">How fast they may come.</param>
/// <param name="counters">What was received.</param>
internal sealed class BlockRequests(SwarmRun run, Roster<PeerSession> roster, PiecePicker picker, SegmentPool pool, RateLimiter limiter, TransferCounters counters)
{
    private readonly List<PeerState> _sources = [];
    private long _sourcesAt = -1;
    private volatile bool _isShortOfMemory;
    private int _fairWindow = int.MaxValue;
    private long _ticks;
    private int _askedFirst;

    /// <summary>The web seeds; null when there are none.</summary>
    public WebSeedPool? WebSeeds { get; set; }

    /// <summary>All that blocks are asked of, as of this tick: who has gone since owes nothing.</summary>
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

    /// <summary>Begins a tick of the clock.</summary>
    public void BeginTick()
    {
        _ticks++;
        Share();
    }

    /// <summary>Fills a peer's window with requests; they are sent together.</summary>
    public void Ask(PeerSession peer)
    {
        PeerState state = peer.State;
        if (run.IsStopping || run.IsComplete || !(state.CanBeAsked || state.CanBeAskedWhileChoking) || peer.IsClosed)
            return;
        int window = Math.Min(state.Window.Size, _fairWindow);
        if (state.Outstanding.Count > window - Math.Min(window / 8 + 1, 16))
            return; // a few at a time, so that one send carries them
        if (state.Outstanding.Count == 0)
        {
            state.LastBlockAt = run.Now;
            state.DownloadRate.Resume(state.LastBlockAt);
        }

        while (state.Outstanding.Count < window)
        {
            if (!TryPick(state, out Outstanding picked))
                break;
            peer.QueueRequest(picked);
        }

        if (state.Outstanding.Count < window && pool.IsShort)
            _isShortOfMemory = true; // when memory is free again, all are asked again
        peer.Flush();
    }

    private bool TryPick(PeerState peer, out Outstanding picked) =>
        peer.IsChokingUs ? picker.TryPickAllowed(peer, out picked) : picker.TryPick(peer, out picked) || TryHurry(peer, out picked);

    /// <summary>Finds a block that others owe, when a peer has nothing else to send us.</summary>
    private bool TryHurry(PeerState peer, out Outstanding picked)
    {
        picked = default;
        // Rates are looked at once a tick, so what is not found before the next one is not looked for with each block.
        if ((peer.Outstanding.Count > 0 && peer.HurriedInVainAt == _ticks) || !picker.HasNothingFreeFor(peer))
            return false;
        peer.Rate = peer.DownloadRate.PerSecond(run.Now); // it may have been idle until just now
        if (EndGame.TryPick(picker, Sources, peer, run.Now, limiter.IsExhausted, out picked))
            return true;
        peer.HurriedInVainAt = _ticks;
        return false;
    }

    /// <summary>
    /// Divides what may be asked for at once among the peers: the memory for it, and no more than the download limit lets through in a while.
    /// What a peer does not need of its part is the others'. Without this the first few peers would have it all, and the others nothing to do.
    /// </summary>
    public void Share()
    {
        if (run.IsComplete)
            return;
        double blocks = pool.Limit / 4 * 3 / BlockRequest.BlockLength;
        if (limiter.IsLimited)
            blocks = Math.Min(blocks, limiter.BytesPerSecond * RequestWindow.QueueSeconds / BlockRequest.BlockLength);
        PeerSession[] peers = roster.Peers;
        Span<int> windows = peers.Length <= 256 ? stackalloc int[256] : new int[peers.Length];
        int count = 0;
        foreach (PeerSession peer in peers)
        {
            if (peer.State.CanBeAsked)
                windows[count++] = peer.State.Window.Size;
        }

        _fairWindow = Math.Max(FairShare.Level(windows[..count], (long)blocks), limiter.IsLimited ? 1 : RequestWindow.Minimum);
    }

    /// <summary>Something became free to ask for: peers that have room take it.</summary>
    public void AskAll() => roster.ForEach(this, static (self, peer) => self.Ask(peer));

    /// <summary>There was no memory for a block: the next that becomes free is told of.</summary>
    public void LackMemory() => _isShortOfMemory = true;

    /// <summary>The memory of a segment is free again. From any thread.</summary>
    public void SegmentFreed()
    {
        if (_isShortOfMemory)
            run.Loop.Enqueue(_ => AskAgain(), null);
    }

    /// <summary>Where memory was lacking, there may be some again.</summary>
    public void PieceFreed()
    {
        if (_isShortOfMemory)
            AskAgain();
    }

    /// <summary>There may be memory again: peers take it by turns, while there is some.</summary>
    private void AskAgain()
    {
        _isShortOfMemory = false;
        WebSeeds?.Pulse();
        PeerSession[] peers = roster.Peers;
        for (int i = 0; i < peers.Length && !_isShortOfMemory; i++)
            Roster<PeerSession>.Try(peers[(_askedFirst + i) % peers.Length], this, static (self, peer) => self.Ask(peer));
        _askedFirst = peers.Length == 0 ? 0 : (_askedFirst + 1) % peers.Length;
    }

    /// <summary>Where memory is still lacking at a tick, the pieces that no peer can finish give up theirs.</summary>
    public void FreeMemory()
    {
        if (!_isShortOfMemory)
            return;
        _isShortOfMemory = false;
        counters.Waste(picker.AbandonUnfinishable([.. roster.Peers.Select(peer => peer.State), .. WebSeeds?.States ?? []]));
        AskAll();
    }

    /// <summary>What a peer owes becomes free for others.</summary>
    public void ReleaseAll(PeerState peer)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
            picker.Release(peer, peer.Outstanding[i]);
        peer.Outstanding.Clear();
        picker.Disown(peer);
    }

    /// <summary>What a peer owes becomes free for others, but is still taken when it comes.</summary>
    public void ReleaseOwed(PeerState peer)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
            Release(peer, i);
        picker.Disown(peer);
    }

    /// <summary>A peer that speaks the fast extension chokes us: what it does not allow nevertheless it is going to reject, and others may be asked for it now.</summary>
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

    /// <summary>A peer has a piece no longer: what it owes of it becomes free for others.</summary>
    public void ReleasePiece(PeerState peer, int piece)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
        {
            if (peer.Outstanding[i].Piece.Index == piece)
                Release(peer, i);
        }
    }

    /// <summary>Frees for others what a peer owes, though it is taken when it comes after all.</summary>
    private void Release(PeerState peer, int outstanding)
    {
        picker.Release(peer, peer.Outstanding[outstanding]);
        peer.Outstanding[outstanding] = peer.Outstanding[outstanding] with { IsReleased = true };
    }
}
