namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Estimates the round-trip time and the retransmission time-out (BEP 29, "timeouts"). Times are in microseconds.</summary>
internal sealed class RoundTrip
{
    /// <summary>The time-out before the first sample.</summary>
    public const long FirstTimeout = 1_000_000;

    private const long LeastTimeout = 500_000;
    private const long LongestTimeout = 30_000_000;

    private long _variance;

    /// <summary>The smoothed round-trip time; 0 before the first sample.</summary>
    public long Average { get; private set; }

    /// <summary>The shortest sample.</summary>
    public long Least { get; private set; } = long.MaxValue;

    public long Timeout { get; private set; } = FirstTimeout;

    /// <summary>Adds a sample, of a packet that was sent once.</summary>
    public void Add(long sample)
    {
        Least = Math.Min(Least, Math.Max(sample, 1));
        if (Average == 0)
        {
            Average = Math.Max(sample, 1);
            _variance = sample / 2;
        }
        else
        {
            _variance += (Math.Abs(Average - sample) - _variance) / 4;
            Average = Math.Max(Average + (sample - Average) / 8, 1);
        }

        Timeout = Math.Clamp(Average + 4 * _variance, LeastTimeout, LongestTimeout);
    }

    /// <summary>A time-out: doubles the next one.</summary>
    public void BackOff() => Timeout = Math.Min(2 * Timeout, LongestTimeout);
}
