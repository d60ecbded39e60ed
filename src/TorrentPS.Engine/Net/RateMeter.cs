namespace TorrentPS.Engine.Net;

/// <summary>Measures bytes per second over the last few seconds. The caller passes the time in seconds.</summary>
internal sealed class RateMeter
{
    private const int Slots = 20;
    private const double SlotSeconds = 0.25;
    private const double PauseSeconds = 1;

    private readonly long[] _bytes = new long[Slots];
    private long _slot = -1;
    private double _first = double.NaN;

    /// <summary>The total number of bytes.</summary>
    public long Total { get; private set; }

    /// <summary>When the last bytes passed, in seconds; negative infinity if none did.</summary>
    public double LastAt { get; private set; } = double.NegativeInfinity;

    public void Add(long bytes, double now)
    {
        Advance(now);
        if (double.IsNaN(_first))
            _first = now;
        LastAt = now;
        _bytes[_slot % Slots] += bytes;
        Total += bytes;
    }

    /// <summary>Requests resume: the pause before does not count as slowness.</summary>
    public void Resume(double now)
    {
        if (now - LastAt <= PauseSeconds || Total == 0)
            return;
        Array.Clear(_bytes);
        _first = now;
    }

    /// <summary>Bytes per second over the last five seconds, or since the first byte if that is more recent.</summary>
    public double PerSecond(double now)
    {
        if (double.IsNaN(_first))
            return 0;
        Advance(now);
        long sum = 0;
        foreach (long bytes in _bytes)
            sum += bytes;
        // The current slot counts by the part that has elapsed; at least half a slot, so that a first burst does not give an absurd rate.
        double span = Math.Min((Slots - 1) * SlotSeconds + (now - _slot * SlotSeconds), now - _first);
        return sum / Math.Max(span, SlotSeconds / 2);
    }

    private void Advance(double now)
    {
        long slot = (long)(now / SlotSeconds);
        if (_slot < 0 || slot - _slot >= Slots)
        {
            Array.Clear(_bytes);
            _slot = Math.Max(slot, _slot);
            return;
        }

        while (_slot < slot)
            _bytes[++_slot % Slots] = 0;
    }
}
