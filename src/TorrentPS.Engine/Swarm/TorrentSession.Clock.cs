using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <content>What happens by the clock: rates, time-outs, choking, the resume file, progress.</content>
internal sealed partial class TorrentSession
{
    /// <summary>A peer that owes blocks and sends none for this long is snubbed: others are asked for them.</summary>
    private const double SnubSeconds = 20;

    /// <summary>And after this long it is dropped.</summary>
    private const double DropSeconds = 60;

    private const double ResumeSeconds = 5;
    private const double MorePeersSeconds = 30;
    private const int FewPeers = 10;

    /// <summary>How long trackers that have never answered are tried before that is the result, when nobody else is known.</summary>
    private const double NobodySeconds = 30;

    private readonly RateMeter _downloadRate = new();
    private readonly RateMeter _uploadRate = new();
    private long _downloadRated;
    private double _lastProgressAt;
    private double _completedAt;
    private double _rechokeAt;
    private double _resumeAt = ResumeSeconds;
    private double _morePeersAt = MorePeersSeconds;
    private bool _isResumeDirty;
    private Task _savingResume = Task.CompletedTask;
    private SwarmClock.Ticking? _ticking;
    private long _uploadedAtTick;

    private void Tick()
    {
        if (_isStopping)
            return;
        double now = Now;
        _ticks++;
        Share();
        _downloadRate.Add(_downloaded - _downloadRated, now);
        _downloadRated = _downloaded;
        ForEach((session, peer) => session.Tick(peer, now));
        if (now >= _rechokeAt)
        {
            _rechokeAt = now + Choker.RoundSeconds;
            Rechoke();
        }

        TickHashes(now);
        ShowPieces(now);
        _webSeeds?.Tick();
        _watch?.Tick(now);
        Turnover(now);
        MakeRoom();
        _roster.ConnectMore();
        _roster.TellBlocked();
        ExchangePeers(now);
        if (!IsComplete)
            TickDownload(now);
        else if (IsSeedingDone(now))
            _end.TrySetResult(new Ending(TorrentState.Completed));
        if (_options.Timeout is { } timeout && timeout > s_longestTimer && now >= timeout.TotalSeconds)
            _end.TrySetResult(TimedOut());
        _progress?.Report(Snapshot());
        _ticking!.IsIdle = IsComplete && _roster.Connecting == 0 && _uploaded == _uploadedAtTick;
        _uploadedAtTick = _uploaded;
    }

    private void Tick(PeerSession peer, double now)
    {
        PeerState state = peer.State;
        state.Rate = state.DownloadRate.PerSecond(now);
        if (peer.IsHeldBack)
            state.LastBlockAt = now;
        if (state.PassedOver.Count > 0 && now >= state.PassedOverUntil)
            AskAgainForPassedOver(peer);
        double silent = now - state.LastBlockAt;
        if (state.IsChokingUs && state.Outstanding.Count > 0 && silent > SnubSeconds)
        {
            // Neither sent nor refused: it has forgotten, and what it allows is not to be had.
            state.AllowedFast.Clear();
            ReleaseOwed(state);
            peer.ForgetReleased();
        }

        if (state.Outstanding.Count > 0 && silent > DropSeconds)
        {
            peer.Close(PeerClose.TimedOut);
            return;
        }

        if (state is { IsSnubbed: false, Outstanding.Count: > 0 } && silent > SnubSeconds)
            Snub(state);
        peer.Tick(now);
        AskForBlocks(peer);
    }

    /// <summary>Releases what a silent peer owes, but still takes it when it comes.</summary>
    private void Snub(PeerState peer)
    {
        peer.IsSnubbed = true;
        peer.Window.Snub();
        ReleaseOwed(peer);
    }

    private void ReleaseOwed(PeerState peer)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
            Release(peer, i);
        _picker.Disown(peer);
    }

    private void TickDownload(double now)
    {
        if (_isShortOfMemory)
        {
            _isShortOfMemory = false;
            _wasted += _picker.AbandonUnfinishable([.. States(), .. _webSeeds?.States ?? []]);
            AskAll();
        }

        if (now >= _morePeersAt && Peers.Length < FewPeers)
        {
            _morePeersAt = now + MorePeersSeconds;
            _discoveries?.RequestMore();
        }

        if (_isResumeDirty && now >= _resumeAt && _savingResume.IsCompleted)
        {
            _isResumeDirty = false;
            _resumeAt = now + ResumeSeconds;
            _savingResume = SaveResumeAsync(_picker.Have.Clone());
        }

        double still = now - _lastProgressAt;
        if (ReachedNobody && IsNobodyLeft && !IsWebSeedHopeful && still > Math.Min(NobodySeconds, _options.StallTimeout?.TotalSeconds ?? NobodySeconds))
            _end.TrySetResult(Nobody());
        else if (_options.StallTimeout is { } limit && still > limit.TotalSeconds)
            _end.TrySetResult(Stalled(limit));
    }

    private async Task SaveResumeAsync(Bitfield have)
    {
        try
        {
            if (!await Task.Run(() => _disk.Storage.Save(have, underWay: true)))
                _isResumeDirty = true;
        }
        catch (TorrentException e)
        {
            StorageFailed(e);
        }
    }

    /// <summary>Whether no discovery names a peer: there is none, or each one fails.</summary>
    private bool IsNobodyLeft => _discoveries is null or { AllFailed: true };

    private Ending Nobody()
    {
        // That of a tracker or of a name says best what to do; that nobody is near, or known to the DHT, does not.
        if (_discoveries?.Failure is { } failure && (failure.ErrorId != TorrentErrorId.NoPeers || _options.PeerNames.Count > 0))
            return new Ending(TorrentState.Failed, failure.ErrorId, failure.Message);
        if (_webSeeds?.Reason is { } reason)
            return new Ending(TorrentState.Failed, TorrentErrorId.NoPeers, $"No peer of '{_torrent.Name}' was found, and no web seed has it: {reason}.");
        string tracker = _torrent.Trackers.Count > 0 ? "" : ", and it has no tracker that is asked for others";
        return new Ending(TorrentState.Failed, TorrentErrorId.NoPeers, _options.Peers.Count > 0
            ? $"None of the given peers of '{_torrent.Name}' could be reached{tracker}."
            : $"No peer of '{_torrent.Name}' was found{tracker}. Give addresses of peers.");
    }

    private Ending Stalled(TimeSpan limit) => new(
        TorrentState.Stalled,
        TorrentErrorId.DownloadStalled,
        $"No data has arrived for {limit.TotalSeconds:0.#} s; connected to {Peers.Length} of {CountText.Of(_roster.Book.Seen, "known peer")}. Run the same command to resume.");

    private bool IsSeedingDone(double now)
    {
        if (_options.SeedRatio is { } ratio && _uploaded >= ratio * (_downloaded > 0 ? _downloaded : _layout.BytesWanted))
            return true;
        return _options.SeedTime is { } time && time != Timeout.InfiniteTimeSpan && now - _completedAt >= time.TotalSeconds;
    }

    private void ReportChecked(int done, int all)
    {
        _percentChecked = 100.0 * done / all;
        if (_progress is null)
            return;
        long now = _time.GetTimestamp();
        long last = Interlocked.Read(ref _checkReportedAt);
        if (_time.GetElapsedTime(last, now) >= SwarmClock.Period && Interlocked.CompareExchange(ref _checkReportedAt, now, last) == last)
            _progress.Report(Snapshot());
    }

    private long _checkReportedAt;

    private TorrentDownload Snapshot()
    {
        double now = Now;
        return new TorrentDownload
        {
            Name = _torrent.Name,
            InfoHash = _torrent.InfoHash.ToString(),
            State = _state,
            Path = _storage?.DataPath ?? _options.Destination,
            Length = _torrent.Length,
            BytesWanted = _layout?.BytesWanted ?? _torrent.Length,
            BytesCompleted = Volatile.Read(ref _bytesCompleted),
            ContiguousBytes = Volatile.Read(ref _contiguousBytes),
            BytesReused = _storage?.BytesReused ?? 0,
            Downloaded = _downloaded,
            Uploaded = _uploaded,
            Wasted = _wasted,
            DownloadRate = _loop.IsCurrent ? (long)_downloadRate.PerSecond(now) : 0,
            UploadRate = _loop.IsCurrent ? (long)_uploadRate.PerSecond(now) : 0,
            PeersConnected = _isStopping ? _peersAtEnd : Peers.Length,
            WebSeedsActive = _loop.IsCurrent ? _webSeeds?.ActiveCount ?? 0 : 0,
            PeersSeen = _roster.Seen,
            Elapsed = _time.GetElapsedTime(_startedAt),
            PercentChecked = _percentChecked,
        };
    }
}
