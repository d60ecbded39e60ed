namespace TorrentPS.Engine.Net;

/// <summary>
/// A limit in bytes per second that several downloads share. Each waiting download gets the same share, whatever its number of peers; unused shares go to the others.
/// Thread-safe.
/// </summary>
public sealed class RateLimit
{
    private const int LargestTurn = 256 * 1024;
    private const double TurnsPerSecond = 200;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly List<Share> _waiting = [];
    private readonly TokenBucket _bucket; // protected by the lock, except its rate
    private bool _isServing;
    private ITimer? _timer; // need not be disposed: it runs only while a download waits

    /// <summary>Creates a limit.</summary>
    /// <param name="bytesPerSecond">Bytes per second; 0 means no limit.</param>
    /// <param name="time">The clock; null means the system's.</param>
    public RateLimit(long bytesPerSecond = 0, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _bucket = new TokenBucket(bytesPerSecond, _time);
    }

    /// <summary>Bytes per second; 0 means no limit. May be changed while in use.</summary>
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

    /// <summary>The maximum amount of one turn while others wait: small enough that turns are short, large enough that they are few.</summary>
    private int Turn => (int)Math.Clamp(BytesPerSecond / TurnsPerSecond, TokenBucket.Quantum, LargestTurn);

    /// <summary>The share of one download.</summary>
    internal Share Join() => new(this);

    /// <summary>Takes one turn for a share; 0 if nothing is left.</summary>
    private int Take(Share share, int wanted, int turn)
    {
        if (!IsLimited)
            return wanted;
        int taken = _bucket.Take(Math.Min(wanted, turn));
        share.Used += taken;
        return taken;
    }

    /// <summary>Serves turns while there is something to give, and then waits until there is more.</summary>
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
            turn.SetResult(taken); // outside the lock: the waiter may continue here, and take again
    }

    private void ServeLater()
    {
        _timer ??= _time.CreateTimer(static limit => ((RateLimit)limit!).Serve(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(TimeSpan.FromSeconds(Math.Clamp(_bucket.UntilNext.TotalSeconds, 0.005, 1)), Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// The maximum amount of a waiting share's turn: its part of what is available, plus what it lacks compared with the share that has used most. A download with few
    /// peers, or one that uses only part of what it takes, so gets its share in fewer turns.
    /// </summary>
    private int TurnOf(Share share)
    {
        double most = share.Used;
        foreach (Share other in _waiting)
            most = Math.Max(most, other.Used);
        return (int)Math.Clamp(_bucket.Tokens / _waiting.Count + most - share.Used, Turn, int.MaxValue);
    }

    /// <summary>The waiting share that has used least.</summary>
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

    /// <summary>The share of one download.</summary>
    internal sealed class Share(RateLimit limit)
    {
        public Queue<(int Wanted, TaskCompletionSource<int> Turn)> Waiting { get; } = new();

        /// <summary>Bytes taken so far, raised to what others have used when the share returns after a pause.</summary>
        public double Used { get; set; }

        public bool IsLimited => limit.IsLimited;

        public long BytesPerSecond => limit.BytesPerSecond;

        /// <summary>Whether nothing may be taken now.</summary>
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

        /// <summary>Waits until bytes are available, and takes up to the given number.</summary>
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

        /// <summary>Starts waiting. A share that paused has no claim to what it did not use then, except for a moment's worth.</summary>
        private void Enter()
        {
            if (limit._waiting.Count > 0)
                Used = Math.Max(Used, limit.Next().Used - limit._bucket.Most);
            limit._waiting.Add(this);
        }
    }
}
