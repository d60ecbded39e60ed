namespace TorrentPS.Engine.Net;

/// <summary>
/// A token bucket for bytes. Usage is known only afterwards, so the balance may be negative, but never below <see cref="MostOwed"/>, so that waiters continue soon
/// whatever was taken. Not thread-safe.
/// </summary>
internal sealed class TokenBucket
{
    /// <summary>The amount that may be taken however little is left: a block.</summary>
    public const int Quantum = 16 * 1024;

    /// <summary>The maximum debt in bytes: two of the longest blocks that peers request.</summary>
    public const int MostOwed = 256 * 1024;

    private const double BurstSeconds = 0.25;

    private readonly TimeProvider _time;
    private long _perSecond;
    private double _tokens;
    private long _filledAt;

    public TokenBucket(long bytesPerSecond, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytesPerSecond);
        _perSecond = bytesPerSecond;
        _time = time;
        _filledAt = time.GetTimestamp();
    }

    /// <summary>Bytes per second; 0 means no limit. May be read from any thread.</summary>
    public long PerSecond
    {
        get => Interlocked.Read(ref _perSecond);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Fill();
            _ = Interlocked.Exchange(ref _perSecond, value);
            _tokens = Math.Clamp(_tokens, -Quantum, Most); // a debt from before could take hours at the new rate
        }
    }

    /// <summary>The bytes available now.</summary>
    public double Tokens
    {
        get
        {
            Fill();
            return _tokens;
        }
    }

    /// <summary>The maximum number of bytes that accumulate.</summary>
    public double Most => Math.Max(Quantum, _perSecond * BurstSeconds);

    public bool IsEmpty => Tokens < 1;

    /// <summary>The time until bytes are available.</summary>
    public TimeSpan UntilNext => _perSecond == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _tokens) / _perSecond);

    /// <summary>Takes up to the given number of bytes; 0 if nothing is left.</summary>
    public int Take(int wanted)
    {
        if (_perSecond == 0)
            return wanted;
        if (IsEmpty)
            return 0;
        int taken = (int)Math.Min(wanted, Math.Max(_tokens, Math.Min(Quantum, _perSecond)));
        _tokens -= taken; // may go below zero by a quantum, for which later takers wait
        return taken;
    }

    /// <summary>Returns unused bytes, or, if negative, takes bytes that were used beyond.</summary>
    public void GiveBack(int unused) => _tokens = Math.Max(_tokens + unused, -MostOwed);

    private void Fill()
    {
        long now = _time.GetTimestamp();
        _tokens = Math.Min(_tokens + _time.GetElapsedTime(_filledAt, now).TotalSeconds * _perSecond, Most);
        _filledAt = now;
    }
}
