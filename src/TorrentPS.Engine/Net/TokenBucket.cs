namespace TorrentPS.Engine.Net;

/// <summary>
/// Bytes that may pass, which come back evenly. What was sent is known only afterwards, so there may be less than nothing; but never less than
/// <see cref="MostOwed"/>, so that those who wait go on soon whatever was taken. Not safe from several threads at once.
/// </summary>
internal sealed class TokenBucket
{
    /// <summary>What may be taken however little there is: a block.</summary>
    public const int Quantum = 16 * 1024;

    /// <summary>Bytes that may be owed: two of the longest blocks that peers ask for.</summary>
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

    /// <summary>Bytes a second; 0 means no limit. May be read from any thread.</summary>
    public long PerSecond
    {
        get => Interlocked.Read(ref _perSecond);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Fill();
            _ = Interlocked.Exchange(ref _perSecond, value);
            _tokens = Math.Clamp(_tokens, -Quantum, Most); // a debt from before may be one of hours now
        }
    }

    /// <summary>What may pass at once.</summary>
    public double Tokens
    {
        get
        {
            Fill();
            return _tokens;
        }
    }

    /// <summary>What may be saved up.</summary>
    public double Most => Math.Max(Quantum, _perSecond * BurstSeconds);

    public bool IsEmpty => Tokens < 1;

    /// <summary>Until when nothing may pass.</summary>
    public TimeSpan UntilNext => _perSecond == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _tokens) / _perSecond);

    /// <summary>Takes up to so many bytes; 0 when nothing is left.</summary>
    public int Take(int wanted)
    {
        if (_perSecond == 0)
            return wanted;
        if (IsEmpty)
            return 0;
        int taken = (int)Math.Min(wanted, Math.Max(_tokens, Math.Min(Quantum, _perSecond)));
        _tokens -= taken; // may go below zero by a quantum, which the next ones wait for
        return taken;
    }

    /// <summary>Gives back what was not used, or takes what was used beyond, when it is negative.</summary>
    public void GiveBack(int unused) => _tokens = Math.Max(_tokens + unused, -MostOwed);

    private void Fill()
    {
        long now = _time.GetTimestamp();
        _tokens = Math.Min(_tokens + _time.GetElapsedTime(_filledAt, now).TotalSeconds * _perSecond, Most);
        _filledAt = now;
    }
}
