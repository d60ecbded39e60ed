namespace TorrentPS.Engine.Swarm;

/// <summary>
/// A token bucket for bytes a second. Those who want to pass take what there is, at least a few packets' worth, and wait in line when there is
/// nothing; the line is served in turn, so that no peer takes all.
/// </summary>
internal sealed class RateLimiter
{
    private const int Quantum = 16 * 1024;
    private const double BurstSeconds = 0.25;

    private readonly Queue<TaskCompletionSource> _line = new();
    private readonly TimeProvider _time;
    private readonly long _perSecond;
    private double _tokens;
    private long _filledAt;
    private bool _isPumping;

    /// <summary>Makes a limit; 0 means none.</summary>
    public RateLimiter(long bytesPerSecond, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytesPerSecond);
        _perSecond = bytesPerSecond;
        _time = time;
        _filledAt = time.GetTimestamp();
    }

    public bool IsLimited => _perSecond > 0;

    /// <summary>The limit; 0 means none.</summary>
    public long BytesPerSecond => _perSecond;

    /// <summary>Whether nothing may pass now: whoever waits, waits for the limit.</summary>
    public bool IsExhausted
    {
        get
        {
            if (!IsLimited)
                return false;
            Fill();
            return _line.Count > 0 || _tokens < 1;
        }
    }

    /// <summary>Waits until bytes may pass, and takes up to so many. The caller gives back what it does not use.</summary>
    public async ValueTask<int> TakeAsync(int wanted, CancellationToken cancellationToken = default)
    {
        if (!IsLimited)
            return wanted;
        while (true)
        {
            if (_line.Count == 0 && TryTake(wanted) is > 0 and int taken)
                return taken;
            var turn = new TaskCompletionSource();
            _line.Enqueue(turn);
            if (!_isPumping)
                _ = PumpAsync();
            await turn.Task.WaitAsync(cancellationToken);
            if (TryTake(wanted) is > 0 and int now)
                return now;
        }
    }

    public void GiveBack(int unused)
    {
        if (IsLimited)
            _tokens += unused;
    }

    private int TryTake(int wanted)
    {
        Fill();
        if (_tokens < 1)
            return 0;
        int taken = (int)Math.Min(wanted, Math.Max(_tokens, Math.Min(Quantum, _perSecond)));
        _tokens -= taken; // may go below zero by a quantum, which the next ones wait for
        return taken;
    }

    private void Fill()
    {
        long now = _time.GetTimestamp();
        _tokens = Math.Min(_tokens + _time.GetElapsedTime(_filledAt, now).TotalSeconds * _perSecond, Math.Max(Quantum, _perSecond * BurstSeconds));
        _filledAt = now;
    }

    private async Task PumpAsync()
    {
        _isPumping = true;
        try
        {
            while (_line.Count > 0)
            {
                Fill();
                if (_tokens < 1)
                    await Task.Delay(TimeSpan.FromSeconds(Math.Clamp((1 - _tokens) / _perSecond, 0.01, 1)), _time);
                else
                    _line.Dequeue().TrySetResult();
            }
        }
        finally
        {
            _isPumping = false;
        }
    }
}
