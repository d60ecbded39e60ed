using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Trackers;

/// <summary>The state of one tracker in a <see cref="TrackerAnnouncer"/>; used only under its lock.</summary>
internal sealed class AnnouncedTracker(ITracker tracker, int tier)
{
    private static readonly TimeSpan s_defaultInterval = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan s_shortestInterval = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_shortestNearInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_longestInterval = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_firstRetry = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_firstRetryAfterFailure = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_longestRetry = TimeSpan.FromMinutes(30);

    private int _failures;
    private TaskCompletionSource _ended = Ended();
    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private DateTimeOffset _nextAllowed = DateTimeOffset.MinValue;

    public ITracker Tracker => tracker;

    public int Tier => tier;

    /// <summary>The current announce; null if there is none.</summary>
    public CancellationTokenSource? Running { get; private set; }

    /// <summary>Completes with the current announce.</summary>
    public Task RunningTask => _ended.Task;

    public AnnounceEvent RunningEvent { get; private set; }

    public DateTimeOffset RunningSince { get; private set; }

    /// <summary>Whether the current announce was answered over one address family.</summary>
    public bool IsPartAnswered { get; set; }

    /// <summary>Whether a <c>started</c> has been sent, so that the tracker may list us and needs a <c>stopped</c>.</summary>
    public bool MayListUs { get; set; }

    /// <summary>Whether a <c>started</c> was answered.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Whether a <c>completed</c> still has to be sent.</summary>
    public bool OwesCompleted { get; set; }

    /// <summary>Whether the last announce was answered.</summary>
    public bool IsWorking => LastError is null && LastAnnounce is not null;

    /// <summary>Whether to announce again as soon as the tracker allows it.</summary>
    public bool WantsMore { get; set; }

    public TorrentException? LastError { get; private set; }

    public DateTimeOffset? LastAnnounce { get; private set; }

    public AnnounceResponse? LastResponse { get; private set; }

    public ReadOnlyMemory<byte> TrackerId { get; private set; }

    /// <summary>When the next announce may and should be made.</summary>
    public DateTimeOffset Next => OwesCompleted && IsWorking ? DateTimeOffset.MinValue
        : WantsMore && IsWorking && _nextAllowed < _next ? _nextAllowed : _next;

    private AnnounceEvent NextEvent => !IsStarted ? AnnounceEvent.Started : OwesCompleted ? AnnounceEvent.Completed : AnnounceEvent.None;

    public TrackerStatus Status => new(tracker.Uri, tier, LastError, LastAnnounce, LastResponse?.Complete, LastResponse?.Incomplete, LastResponse?.Peers.Count ?? 0);

    public void Begin(DateTimeOffset now)
    {
        Running = new CancellationTokenSource();
        RunningEvent = NextEvent;
        RunningSince = now;
        IsPartAnswered = false;
        _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Ends the current announce; its waiters continue when the returned source is set, which must happen outside the lock.</summary>
    public TaskCompletionSource End()
    {
        Running?.Dispose();
        Running = null;
        RunningEvent = AnnounceEvent.None;
        return _ended;
    }

    public void Succeeded(AnnounceResponse response)
    {
        IsStarted = MayListUs = true;
        if (RunningEvent == AnnounceEvent.Completed)
            OwesCompleted = false;
        WantsMore = false;
        _failures = 0;
        LastError = null;
        LastAnnounce = RunningSince;
        LastResponse = response;
        // It is sent until another one arrives (BEP 3 does not say so, but trackers expect it).
        if (!response.TrackerId.IsEmpty)
            TrackerId = response.TrackerId;
        // A tracker in the Internet serves strangers, and a mistake of its own must not have all of them announce every few seconds. One in the local network is its owner's to
        // set, who wants to know soon how far each machine is.
        TimeSpan shortest = response.IsNear ? s_shortestNearInterval : s_shortestInterval;
        TimeSpan interval = Clamp(response.Interval ?? s_defaultInterval, shortest);
        TimeSpan least = Clamp(response.MinInterval ?? (interval < s_shortestInterval ? interval : s_shortestInterval), shortest);
        _next = RunningSince + (interval > least ? interval : least);
        _nextAllowed = RunningSince + least;
    }

    public void Failed(TorrentException error, DateTimeOffset now)
    {
        LastError = error;
        // A tracker that lists us still does; one that never answered must get the start again.
        MayListUs = IsStarted;
        OwesCompleted &= IsStarted;
        TimeSpan first = error.ErrorId == TorrentErrorId.TrackerFailure ? s_firstRetryAfterFailure : s_firstRetry;
        double seconds = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(_failures, 20)), s_longestRetry.TotalSeconds);
        _failures++;
        _next = now + TimeSpan.FromSeconds(seconds);
    }

    private static TaskCompletionSource Ended()
    {
        var ended = new TaskCompletionSource();
        ended.SetResult();
        return ended;
    }

    private static TimeSpan Clamp(TimeSpan interval, TimeSpan shortest) =>
        interval < shortest ? shortest : interval > s_longestInterval ? s_longestInterval : interval;
}
