namespace TorrentPS.Engine.Net;

/// <summary>
/// Bytes a second that several downloads may move together. Those who wait are served so that each download gets the same share, whatever the
/// number of its peers; what one does not use is the others'. Safe to use from several threads.
/// </summary>
public sealed class RateLimit
{
    private const int LargestTurn = 256 * 1024;
    private const double TurnsPerSecond = 200;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly List<Share> _waiting = [];
    private readonly TokenBucket _bucket; // under the lock, but for its rate
    private bool _isServing;
    private ITimer? _timer; // needs no end: it runs only while somebody waits

    /// <summary>Makes a limit.</summary>
    /// <param name="bytesPerSecond">Bytes a second; 0 means no limit.</param>
    /// <param name="time">The clock; null means the system's.</param>
    public RateLimit(long bytesPerSecond = 0, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _bucket = new TokenBucket(bytesPerSecond, _time);
    }

    /// <summary>Bytes a second; 0 means no limit. May be changed while it is in use.</summary>
    public long BytesPerSecond
    {
        get => _bucket.PerSecond;
        set
        {
            lock (_lock)
                _bucket.PerSecond = value;
        }
    }

    internal bool IsLimited => BytesPerSecond > 0;

    /// <summary>What one turn takes at most while others wait: small enough that turns are short, large enough that they are few.</summary>
    private int Turn => (int)Math.Clamp(BytesPerSecond / TurnsPerSecond, TokenBucket.Quantum, LargestTurn);

    /// <summary>The share of one download.</summary>
    internal Share Join() => new(this);

    /// <summary>Takes for a share what a turn may take; 0 when nothing is left.</summary>
    private int Take(Share share, int wanted, int turn)
    {
        if (!IsLimited)
            return wanted;
        int taken = _bucket.Take(Math.Min(wanted, turn));
        share.Used += taken;
        return taken;
    }

    /// <summary>Gives turns as long as there is something to give, and comes back when there will be.</summary>
    private void Serve()
    {
        var served = new List<(TaskCompletionSource<int> Turn, int Taken)>();
        lock (_lock)
        {
            while (_waiting.Count > 0)
            {
                Share share = Next();
                int taken = Take(share, share.Waiting.Peek().Wanted, TurnOf(share));
                if (taken == 0)
                    break;
                served.Add((share.Waiting.Dequeue().Turn, taken));
                if (share.Waiting.Count == 0)
                    _waiting.Remove(share);
            }

            _isServing = _waiting.Count > 0;
            if (_isServing)
                ServeLater();
        }

        foreach ((TaskCompletionSource<int> turn, int taken) in served)
            turn.SetResult(taken); // not under the lock: what waited may go on here and now, and take again
    }

    private void ServeLater()
    {
        _timer ??= _time.CreateTimer(static limit => ((RateLimit)limit!).Serve(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(TimeSpan.FromSeconds(Math.Clamp(_bucket.UntilNext.TotalSeconds, 0.005, 1)), Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// What one of those who wait takes at most: its part of what there is, and what it is behind the one that has used most. One that has few peers, or uses only a
    /// part of what it takes, gets its share in fewer turns.
    /// </summary>
    private int TurnOf(Share share)
    {
        double most = share.Used;
        foreach (Share other in _waiting)
            most = Math.Max(most, other.Used);
        return (int)Math.Clamp(_bucket.Tokens / _waiting.Count + most - share.Used, Turn, int.MaxValue);
    }

    /// <summary>Of those who wait, the one that has used least.</summary>
    private Share Next()
    {
        Share next = _waiting[0];
        for (int i = 1; i < _waiting.Count; i++)
        {
            if (_waiting[i].Used < next.Used)
                next = _waiting[i];
        }

        return next;
    }

    /// <summary>One download's share.</summary>
    internal sealed class Share(RateLimit limit)
    {
        public Queue<(int Wanted, TaskCompletionSource<int> Turn)> Waiting { get; } = new();

        /// <summary>Bytes taken so far, made up to what others have used when it comes back after a while without need.</summary>
        public double Used { get; set; }

        public bool IsLimited => limit.IsLimited;

        public long BytesPerSecond => limit.BytesPerSecond;

        /// <summary>Whether nothing may pass now.</summary>
        public bool IsExhausted
        {
            get
            {
                if (!limit.IsLimited)
                    return false;
                lock (limit._lock)
                    return Waiting.Count > 0 || limit._bucket.IsEmpty;
            }
        }

        /// <summary>Waits until bytes may pass, and takes up to so many.</summary>
        public Task<int> TakeAsync(int wanted)
        {
            lock (limit._lock)
            {
                if (limit._waiting.Count == 0 && limit.Take(this, wanted, limit.Turn) is > 0 and int taken)
                    return Task.FromResult(taken);
                var turn = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
                Waiting.Enqueue((wanted, turn));
                if (Waiting.Count == 1)
                    Enter();
                if (!limit._isServing)
                {
                    limit._isServing = true;
                    limit.ServeLater();
                }

                return turn.Task;
            }
        }

        public void GiveBack(int unused)
        {
            if (unused == 0 || !limit.IsLimited)
                return;
            lock (limit._lock)
            {
                limit._bucket.GiveBack(unused);
                Used -= unused;
            }
        }

        /// <summary>Begins to wait. Whoever was away has no claim to what it did not use then, but for a moment's worth.</summary>
        private void Enter()
        {
            if (limit._waiting.Count > 0)
                Used = Math.Max(Used, limit.Next().Used - limit._bucket.Most);
            limit._waiting.Add(this);
        }
    }
}
