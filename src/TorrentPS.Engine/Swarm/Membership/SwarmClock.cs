namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// One timer for all torrents of a client. It ticks five times a second for active torrents, and once a second for all idle ones together, because waking a processor
/// costs more than the tick of a torrent.
/// </summary>
internal sealed class SwarmClock(TimeProvider time) : IDisposable
{
    /// <summary>The time between two ticks of an active torrent.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    /// <summary>The number of ticks between those of an idle torrent.</summary>
    private const int IdleTurns = 5;

    private readonly Lock _lock = new();
    private Ticking[] _tickings = []; // replaced, never changed
    private ITimer? _timer;
    private bool _isIdle;
    private int _turn;

    /// <summary>Starts ticks on a loop, until the result is disposed.</summary>
    public Ticking Start(SwarmLoop loop, Action tick)
    {
        var ticking = new Ticking(this, loop, tick);
        lock (_lock)
        {
            _tickings = [.. _tickings, ticking];
            _timer ??= time.CreateTimer(static state => ((SwarmClock)state!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Pace();
        }

        return ticking;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void Stop(Ticking ticking)
    {
        lock (_lock)
        {
            _tickings = Array.FindAll(_tickings, other => other != ticking);
            if (_tickings.Length == 0)
                _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void Tick()
    {
        Ticking[] tickings;
        bool isIdleTurn;
        lock (_lock)
        {
            tickings = _tickings;
            isIdleTurn = _isIdle || ++_turn % IdleTurns == 0;
            if (Array.TrueForAll(tickings, ticking => ticking.IsIdle) != _isIdle)
                Pace();
        }

        foreach (Ticking ticking in tickings)
        {
            if (isIdleTurn || !ticking.IsIdle)
                ticking.Post();
        }
    }

    /// <summary>Sets the timer according to whether any torrent is active.</summary>
    private void Pace()
    {
        bool isFirst = _tickings.Length == 1;
        bool isIdle = Array.TrueForAll(_tickings, ticking => ticking.IsIdle);
        if (isIdle == _isIdle && !isFirst)
            return;
        _isIdle = isIdle;
        TimeSpan period = isIdle ? Period * IdleTurns : Period;
        _timer?.Change(period, period);
    }

    private void Woken()
    {
        lock (_lock)
            Pace();
    }

    /// <summary>The ticks of one torrent.</summary>
    internal sealed class Ticking(SwarmClock clock, SwarmLoop loop, Action tick) : IDisposable
    {
        private bool _isIdle;
        private int _isPosted;
        private volatile bool _isStopped;

        /// <summary>Whether one tick per second is enough.</summary>
        public bool IsIdle
        {
            get => Volatile.Read(ref _isIdle);
            set
            {
                if (_isIdle == value)
                    return;
                Volatile.Write(ref _isIdle, value);
                if (!value)
                    clock.Woken();
            }
        }

        public void Post()
        {
            if (_isStopped || Interlocked.Exchange(ref _isPosted, 1) != 0)
                return; // the previous one has not run yet
            if (IsIdle)
                loop.Post(Run, null); // runs here and now
            else
                loop.Enqueue(Run, null); // other work of the loop must not delay the ticks of other torrents
        }

        public void Dispose()
        {
            _isStopped = true;
            clock.Stop(this);
        }

        private void Run(object? _)
        {
            Volatile.Write(ref _isPosted, 0);
            if (!_isStopped)
                tick();
        }
    }
}
