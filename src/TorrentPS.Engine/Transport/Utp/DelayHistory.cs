namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// The delays of one direction according to timestamps, in microseconds plus an unknown clock difference. The minimum of the last minutes is taken as the propagation
/// delay; the excess over it is queueing delay (RFC 6817, 3.4.2 "base delay").
/// </summary>
internal sealed class DelayHistory
{
    private const int Minutes = 10;
    private const int Recent = 4;
    private const long Minute = 60_000_000;

    private readonly uint[] _base = new uint[Minutes];
    private readonly uint[] _recent = new uint[Recent];
    private int _minutes;
    private int _current;
    private int _samples;
    private long _minuteEnds;

    /// <summary>Whether there has been a sample.</summary>
    public bool HasSamples => _samples > 0;

    /// <summary>The minimum delay of the last minutes.</summary>
    public uint Base { get; private set; }

    /// <summary>The minimum queueing delay of the last few packets: a single late one is not significant.</summary>
    public uint Queueing
    {
        get
        {
            uint least = uint.MaxValue;
            for (int i = 0; i < Math.Min(_samples, Recent); i++)
                least = Math.Min(least, IsBefore(_recent[i], Base) ? 0 : _recent[i] - Base);
            return least == uint.MaxValue ? 0 : least;
        }
    }

    /// <summary>Adds a delay.</summary>
    public void Add(uint delay, long now)
    {
        if (_samples == 0 || now >= _minuteEnds)
        {
            _minuteEnds = now + Minute;
            _current = _samples == 0 ? 0 : (_current + 1) % Minutes;
            _minutes = Math.Min(_minutes + 1, Minutes);
            _base[_current] = delay;
        }
        else if (IsBefore(delay, _base[_current]))
        {
            _base[_current] = delay;
        }

        _recent[_samples++ % Recent] = delay;
        if (_samples == 2 * Recent)
            _samples = Recent;
        FindBase();
    }

    /// <summary>The clocks drift apart: corrects the earlier minimum.</summary>
    public void Shift(uint by)
    {
        for (int i = 0; i < _minutes; i++)
            _base[i] += by;
        FindBase();
    }

    private void FindBase()
    {
        uint least = _base[_current];
        for (int i = 0; i < _minutes; i++)
        {
            if (IsBefore(_base[i], least))
                least = _base[i];
        }

        Base = least;
    }

    /// <summary>Whether one delay is less than another, with wrap-around.</summary>
    public static bool IsBefore(uint one, uint other) => (int)(one - other) < 0;
}
