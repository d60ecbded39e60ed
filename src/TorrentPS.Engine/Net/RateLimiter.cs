namespace TorrentPS.Engine.Net;

/// <summary>
/// The rate limit of one torrent. Takers get what is available, at least a few packets' worth, and otherwise wait in a queue that is served in order, so that no peer
/// takes everything. Bytes must then also pass the limits shared with other torrents.
/// </summary>
internal sealed class RateLimiter
{
    private readonly Queue<TaskCompletionSource> _line = new();
    private readonly TimeProvider _time;
    private readonly TokenBucket _bucket;
    private readonly RateLimit.Share[] _shares;
    private bool _isPumping;

    /// <summary>Creates a limit; 0 means only the shared limits.</summary>
    public RateLimiter(long bytesPerSecond, TimeProvider time, params ReadOnlySpan<RateLimit?> shared)
    {
        _bucket = new TokenBucket(bytesPerSecond, time);
        _time = time;
        var shares = new List<RateLimit.Share>(shared.Length);
        foreach (RateLimit? limit in shared)
        {
            if (limit is not null)
                shares.Add(limit.Join());
        }

        _shares = [.. shares];
    }

    public bool IsLimited
    {
        get
        {
            foreach (RateLimit.Share share in _shares)
            {
                if (share.IsLimited)
                    return true;
            }

            return _bucket.PerSecond > 0;
        }
    }

    /// <summary>Its own limit in bytes per second; 0 means none. May be changed during use.</summary>
    public long OwnLimit
    {
        set
        {
            if (_bucket.PerSecond != value)
                _bucket.PerSecond = value;
        }
    }

    /// <summary>The lowest of the own limit and the shared ones; 0 means no limit.</summary>
    public long BytesPerSecond
    {
        get
        {
            long lowest = _bucket.PerSecond;
            foreach (RateLimit.Share share in _shares)
            {
                if (share.BytesPerSecond is > 0 and long shared && (lowest == 0 || shared < lowest))
                    lowest = shared;
            }

            return lowest;
        }
    }

    /// <summary>Whether nothing may be taken now, so that waiting is due to the limit.</summary>
    public bool IsExhausted
    {
        get
        {
            foreach (RateLimit.Share share in _shares)
            {
                if (share.IsExhausted)
                    return true;
            }

            return _bucket.PerSecond > 0 && (_line.Count > 0 || _bucket.IsEmpty);
        }
    }

    /// <summary>Waits until bytes are available, and takes up to the given number. The caller returns what it does not use.</summary>
    public async ValueTask<int> TakeAsync(int wanted, CancellationToken cancellationToken = default)
    {
        int taken = _bucket.PerSecond > 0 ? await TakeOwnAsync(wanted, cancellationToken) : wanted;
        for (int i = 0; i < _shares.Length; i++)
        {
            if (!_shares[i].IsLimited)
                continue;
            int granted = await _shares[i].TakeAsync(taken);
            if (granted < taken)
                GiveBack(taken - granted, before: i);
            taken = granted;
        }

        return taken;
    }

    public void GiveBack(int unused) => GiveBack(unused, _shares.Length);

    private void GiveBack(int unused, int before)
    {
        if (_bucket.PerSecond > 0)
            _bucket.GiveBack(unused);
        for (int i = 0; i < before; i++)
            _shares[i].GiveBack(unused);
    }

    private async ValueTask<int> TakeOwnAsync(int wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_line.Count == 0 && _bucket.Take(wanted) is > 0 and int taken)
                return taken;
            var turn = new TaskCompletionSource();
            _line.Enqueue(turn);
            if (!_isPumping)
                _ = PumpAsync();
            await turn.Task.WaitAsync(cancellationToken);
            if (_bucket.Take(wanted) is > 0 and int now)
                return now;
        }
    }

    private async Task PumpAsync()
    {
        _isPumping = true;
        try
        {
            while (_line.Count > 0)
            {
                if (_bucket.PerSecond > 0 && _bucket.IsEmpty)
                    await Task.Delay(TimeSpan.FromSeconds(Math.Clamp(_bucket.UntilNext.TotalSeconds, 0.01, 1)), _time);
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
