using System.Security.Cryptography;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Trackers;

/// <summary>
/// Announces one torrent to its trackers while it runs, and returns the peers in their answers.
/// </summary>
/// <remarks>
/// BEP 12 requires asking the trackers one after the other: tier by tier, in random order within a tier, with the one that answers moved to the front of its tier, and no
/// further one after an answer. This differs in two ways, because a user is waiting: a tracker that is silent for some seconds does not delay the next one, which is
/// asked at the same time; and while the answers contain fewer peers than a download can use, the next tier is asked, too, because today's tiers are mostly unrelated
/// trackers with different peers, not backups. A tracker that has answered is announced to at its interval for as long as the torrent runs; otherwise it would drop us.
/// </remarks>
internal sealed class TrackerAnnouncer : IPeerDiscovery
{
    /// <summary>With this number of peers, no further tier is asked.</summary>
    public const int PeersWanted = 50;

    private const int MaxRunning = 16;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromDays(1);

    private readonly DiscoveryRequest _request;
    private readonly Lock _lock = new();
    private readonly AnnouncedTracker[] _trackers;
    private readonly List<AnnouncedTracker>[] _tiers;
    private readonly TaskCompletionSource _firstRound = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly uint _key = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
    private readonly DateTimeOffset _began;
    private readonly long _beganAt;
    private ITimer? _timer;
    private bool _isRunning;
    private bool _isStopped;
    private bool _canComplete;
    private bool _wantsMore;

    public TrackerAnnouncer(DiscoveryRequest request, Func<Uri, ITracker> createTracker)
    {
        _request = request;
        _began = request.TimeProvider.GetUtcNow();
        _beganAt = request.TimeProvider.GetTimestamp();
        var trackers = new List<AnnouncedTracker>();
        var tiers = new List<List<AnnouncedTracker>>();
        var seen = new HashSet<Uri>();
        for (int tier = 0; tier < request.Trackers.Count; tier++)
        {
            List<AnnouncedTracker> members = [];
            foreach (Uri uri in request.Trackers[tier])
            {
                if (seen.Add(uri))
                    members.Add(new AnnouncedTracker(createTracker(uri), tier));
            }
            trackers.AddRange(members);
            Random.Shared.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(members));
            tiers.Add(members);
        }
        _trackers = [.. trackers];
        _tiers = [.. tiers];
    }

    /// <summary>A monotonic clock: setting the system's clock back an hour must not stop announces for an hour.</summary>
    private DateTimeOffset Now => _began + _request.TimeProvider.GetElapsedTime(_beganAt);

    /// <summary>A snapshot of every tracker, in the torrent's order.</summary>
    public IReadOnlyList<TrackerStatus> Statuses
    {
        get
        {
            lock (_lock)
                return Array.ConvertAll(_trackers, tracker => tracker.Status);
        }
    }

    public PeerSource Source => PeerSource.Tracker;

    /// <summary>Whether any tracker has ever answered.</summary>
    public bool AnyAnswered
    {
        get
        {
            lock (_lock)
                return Array.Exists(_trackers, tracker => tracker.LastAnnounce is not null);
        }
    }

    /// <summary>The error of the first tracker, if each tracker was tried and its last announce failed.</summary>
    public TorrentException? Failure
    {
        get
        {
            lock (_lock)
                return _trackers.Length > 0 && Array.TrueForAll(_trackers, tracker => tracker.LastError is not null) ? _trackers[0].LastError : null;
        }
    }

    public Task FirstRound => _firstRound.Task;

    /// <summary>Starts announcing.</summary>
    public void Start()
    {
        bool canComplete = _request.Statistics().Left > 0;
        lock (_lock)
        {
            if (_isRunning || _isStopped)
                return;
            _isRunning = true;
            _canComplete = canComplete;
            _timer = _request.TimeProvider.CreateTimer(static state => ((TrackerAnnouncer)state!).Advance(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        Advance();
    }

    /// <summary>Announces again as soon as the trackers allow it, and asks trackers that were not needed before.</summary>
    public void RequestMore()
    {
        lock (_lock)
        {
            _wantsMore = true;
            foreach (AnnouncedTracker tracker in _trackers)
                tracker.WantsMore |= tracker.IsWorking;
        }
        Advance();
    }

    /// <summary>
    /// Reports completion to the trackers that know us; once, and not if the data was complete at the start (BEP 3). For a partial download, reports the paused state
    /// instead (BEP 21), as soon as they allow it.
    /// </summary>
    public void Completed()
    {
        bool isPartial = _request.Statistics().IsPartialSeed;
        lock (_lock)
        {
            if (!_canComplete || !_isRunning)
                return;
            _canComplete = false;
            foreach (AnnouncedTracker tracker in _trackers)
            {
                if (isPartial)
                    tracker.WantsMore |= tracker.IsWorking;
                else
                    tracker.OwesCompleted = tracker.IsStarted || tracker.Running is not null;
            }
        }
        Advance();
    }

    /// <summary>Cancels current announces and sends <c>stopped</c> to every tracker that may list us. Waits for the answers up to the limit.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit, _request.TimeProvider);
        var stops = new List<Task>();
        lock (_lock)
        {
            if (_isStopped)
                return;
            _isStopped = true;
            _isRunning = false;
            _timer?.Dispose();
            foreach (AnnouncedTracker tracker in _trackers)
            {
                // A <c>completed</c> that is just being sent must not be lost.
                if (tracker.RunningEvent != AnnounceEvent.Completed)
                    tracker.Running?.Cancel();
            }
        }
        foreach (AnnouncedTracker tracker in _trackers)
            stops.Add(StopAsync(tracker, limit, timeout.Token));
        await Task.WhenAll(stops).ConfigureAwait(false);
        lock (_lock)
        {
            foreach (AnnouncedTracker tracker in _trackers)
                tracker.Running?.Cancel();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(StopAsync(TimeSpan.FromSeconds(1)));

    private async Task StopAsync(AnnouncedTracker tracker, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            // Up to the limit, even if an announce does not react to its token.
            await tracker.RunningTask.WaitAsync(cancellationToken).ConfigureAwait(false);
            bool owesCompleted, mayListUs;
            lock (_lock)
                (owesCompleted, mayListUs) = (tracker.OwesCompleted && tracker.MayListUs, tracker.MayListUs);
            if (owesCompleted)
                await tracker.Tracker.AnnounceAsync(Request(tracker, AnnounceEvent.Completed, limit), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (mayListUs)
                await tracker.Tracker.AnnounceAsync(Request(tracker, AnnounceEvent.Stopped, limit), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TorrentException or OperationCanceledException)
        {
            _request.Log?.Invoke($"Tracker {AddressText.Of(tracker.Tracker.Uri)} was not told of the stop: {exception.Message}");
        }
        catch (Exception exception)
        {
            _request.Log?.Invoke($"Tracker {AddressText.Of(tracker.Tracker.Uri)} was not told of the stop by a fault of this program: {exception}");
        }
    }

    // Starts due announces, and sets the timer for the next.
    private void Advance()
    {
        List<AnnouncedTracker>? due = null;
        lock (_lock)
        {
            if (!_isRunning)
                return;
            DateTimeOffset now = Now;
            DateTimeOffset wake = now + s_longestTimer;
            foreach (AnnouncedTracker tracker in _trackers)
            {
                if (tracker.IsStarted)
                    StartIfDue(tracker, now, ref due, ref wake);
            }
            AskFurther(now, ref due, ref wake);
            _timer?.Change(wake > now ? wake - now : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
        if (due is null)
            return;
        // Outside the lock: an announce may end before the call returns.
        foreach (AnnouncedTracker tracker in due)
            _ = RunAsync(tracker);
    }

    // Goes down the tiers, up to a tracker that must be waited for, or whose answer makes further ones unnecessary.
    private void AskFurther(DateTimeOffset now, ref List<AnnouncedTracker>? due, ref DateTimeOffset wake)
    {
        int peers = 0;
        int running = 0;
        foreach (List<AnnouncedTracker> tier in _tiers)
        {
            foreach (AnnouncedTracker tracker in tier)
            {
                if (tracker.Running is null && !tracker.IsWorking)
                    StartIfDue(tracker, now, ref due, ref wake);
                if (tracker.Running is not null && ++running >= MaxRunning)
                    return;
                if (tracker.Running is not null && !tracker.IsPartAnswered && !tracker.IsWorking && !_wantsMore)
                {
                    DateTimeOffset impatient = tracker.RunningSince + s_patience;
                    if (impatient > now)
                    {
                        wake = impatient < wake ? impatient : wake;
                        return;
                    }
                }
                else if (tracker.IsWorking || tracker.IsPartAnswered)
                {
                    peers += tracker.LastResponse?.Peers.Count ?? 0;
                    if (!_wantsMore)
                        break;
                }
            }
            if (peers >= PeersWanted && !_wantsMore)
                return;
        }
        // All have been asked: from now on each follows its own interval or back-off.
        _wantsMore = false;
    }

    private static void StartIfDue(AnnouncedTracker tracker, DateTimeOffset now, ref List<AnnouncedTracker>? due, ref DateTimeOffset wake)
    {
        if (tracker.Running is not null)
            return;
        if (tracker.Next > now)
        {
            wake = tracker.Next < wake ? tracker.Next : wake;
            return;
        }
        tracker.Begin(now);
        (due ??= []).Add(tracker);
    }

    private async Task RunAsync(AnnouncedTracker tracker)
    {
        CancellationToken token;
        AnnounceEvent announceEvent;
        lock (_lock)
            (token, announceEvent) = (tracker.Running!.Token, tracker.RunningEvent);
        AnnounceResponse? response = null;
        TorrentException? error = null;
        try
        {
            response = await tracker.Tracker.AnnounceAsync(Request(tracker, announceEvent), token).ConfigureAwait(false);
        }
        catch (TorrentException exception)
        {
            error = exception;
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // StopAsync: Sent has recorded whether the tracker may list us.
        }
        catch (Exception exception)
        {
            // A fault of this program must not end the announces silently.
            error = new TorrentException(TorrentErrorId.Unexpected, $"The announce to {AddressText.Of(tracker.Tracker.Uri)} failed: {exception.Message}", exception);
            _request.Log?.Invoke($"The announce to {AddressText.Of(tracker.Tracker.Uri)} is ended by a fault of this program: {exception}");
        }
        End(tracker, response, error);
        Advance();
        lock (_lock)
        {
            if (Array.TrueForAll(_trackers, other => other.Running is null))
                _firstRound.TrySetResult();
        }
    }

    private void End(AnnouncedTracker tracker, AnnounceResponse? response, TorrentException? error)
    {
        TaskCompletionSource ended;
        lock (_lock)
        {
            if (response is not null)
            {
                tracker.Succeeded(response);
                MoveToFront(tracker);
            }
            else if (error is not null)
            {
                tracker.Failed(error, Now);
            }
            ended = tracker.End();
        }
        try
        {
            Tell(tracker, response, error);
        }
        catch (Exception exception)
        {
            _request.Log?.Invoke($"The answer of {AddressText.Of(tracker.Tracker.Uri)} is left out by a fault of this program: {exception}");
        }
        ended.SetResult();
    }

    private void Tell(AnnouncedTracker tracker, AnnounceResponse? response, TorrentException? error)
    {
        if (response is not null)
        {
            PassOn(response);
            string name = AddressText.Of(tracker.Tracker.Uri);
            _request.Log?.Invoke(response.Warning is { } warning ? $"Tracker {name} warns: {warning}" : $"Tracker {name} returned {CountText.Of(response.Peers.Count, "peer")}");
        }
        else if (error is not null)
        {
            _request.Log?.Invoke(error.Message);
        }
    }

    private void PassOn(AnnounceResponse response)
    {
        if (response.Peers.Count > 0 && !Volatile.Read(ref _isStopped))
            _request.PeersFound(response.Peers);
    }

    private void MoveToFront(AnnouncedTracker tracker)
    {
        List<AnnouncedTracker> tier = _tiers[tracker.Tier];
        tier.Remove(tracker);
        tier.Insert(0, tracker);
    }

    private AnnounceRequest Request(AnnouncedTracker tracker, AnnounceEvent announceEvent, TimeSpan? patience = null) =>
        Request(tracker, announceEvent, _request.Statistics(), patience);

    private AnnounceRequest Request(AnnouncedTracker tracker, AnnounceEvent announceEvent, AnnounceStatistics statistics, TimeSpan? patience) => new()
    {
        InfoHash = _request.InfoHash,
        PeerId = _request.PeerId,
        // If peers cannot connect to us, it is a port on which nothing listens: most trackers refuse 0.
        Port = _request.Port() is > 0 and int port ? _request.PublicPort(port) : 1,
        Statistics = statistics,
        // A partial seed declares itself in every announce, including the first (BEP 21).
        Event = statistics.IsPartialSeed && announceEvent is (AnnounceEvent.None or AnnounceEvent.Started) ? AnnounceEvent.Paused : announceEvent,
        Key = _key,
        Address = _request.AnnounceAddress,
        TrackerId = tracker.TrackerId,
        NoPeerId = true,
        Patience = patience,
        Sent = () => Sent(tracker, announceEvent),
        PartReceived = response => PartReceived(tracker, response),
    };

    private void Sent(AnnouncedTracker tracker, AnnounceEvent announceEvent)
    {
        lock (_lock)
            tracker.MayListUs |= announceEvent == AnnounceEvent.Started;
    }

    private void PartReceived(AnnouncedTracker tracker, AnnounceResponse response)
    {
        lock (_lock)
            tracker.IsPartAnswered = true;
        PassOn(response);
        Advance();
    }
}
