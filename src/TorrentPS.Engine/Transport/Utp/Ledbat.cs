namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// The congestion window (LEDBAT, RFC 6817 and BEP 29): it grows while the queueing delay is below the target, and shrinks above it, and so yields to other traffic
/// before users notice. Sizes are in bytes, times in microseconds.
/// </summary>
internal sealed class Ledbat
{
    /// <summary>The target queueing delay.</summary>
    public const long Target = 100_000;

    /// <summary>The maximum growth of the window per round trip after slow start.</summary>
    public const int GainPerRoundTrip = 3000;

    /// <summary>The largest window: no peer offers more, and sent data is kept until it is acknowledged.</summary>
    public const int MaxWindow = 2 << 20;

    private const int FirstPackets = 4;
    private const int LeastPackets = 2;
    private const long SlowStartEnds = Target * 3 / 4; // a queue that fills so quickly will be fuller by the time we learn of it

    private double _window;
    private double _threshold = MaxWindow;
    private (double Window, double Threshold)? _beforeLoss;

    public Ledbat(int packet) => _window = FirstPackets * packet;

    /// <summary>The number of bytes that may be in flight.</summary>
    public int Window => (int)_window;

    /// <summary>Whether the window still doubles with each round trip.</summary>
    public bool IsSlowStart => _window < _threshold;

    /// <summary>Bytes were acknowledged.</summary>
    /// <param name="bytes">The number of acknowledged bytes.</param>
    /// <param name="queueing">The queueing delay.</param>
    /// <param name="flight">The number of bytes that were in flight before.</param>
    /// <param name="packet">The size of a full packet.</param>
    public void Acknowledged(int bytes, long queueing, int flight, int packet)
    {
        if (bytes <= 0)
            return;
        if (IsSlowStart)
        {
            if (queueing > SlowStartEnds)
                _threshold = _window;
            else if (2L * flight >= _window)
                _window += bytes;
        }
        else if (queueing > Target)
        {
            // In proportion to the window, up to half of it per round trip: a large window would otherwise delay other traffic for minutes.
            _window -= bytes * Math.Min((queueing - Target) / (2.0 * Target), 0.5);
        }
        else if (flight + 2 * packet >= _window)
        {
            _window += GainPerRoundTrip * (double)(Target - queueing) / Target * Math.Min(1, bytes / _window);
        }

        Bound(packet);
    }

    /// <summary>A packet was lost, the first of those in flight at the same time.</summary>
    public void Lost(int packet)
    {
        _beforeLoss = (_window, _threshold);
        _window /= 2;
        Bound(packet);
        _threshold = _window;
    }

    /// <summary>A packet that counted as lost was only late.</summary>
    public void NotLost()
    {
        if (_beforeLoss is not { } before)
            return;
        _window = Math.Max(_window, before.Window);
        _threshold = Math.Max(_threshold, before.Threshold);
        _beforeLoss = null;
    }

    /// <summary>No acknowledgement arrived for so long that nothing can be in flight.</summary>
    public void TimedOut(int packet)
    {
        _beforeLoss = null;
        _threshold = Math.Max(_window / 2, LeastPackets * packet);
        _window = 0;
        Bound(packet);
    }

    private void Bound(int packet) => _window = Math.Clamp(_window, LeastPackets * packet, MaxWindow);
}
