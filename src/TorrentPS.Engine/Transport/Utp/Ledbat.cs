namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// The congestion window (LEDBAT, RFC 6817 and BEP 29): grows while packets wait in queues for less than the target, shrinks when they wait
/// longer, and so leaves a link to others before they notice. Sizes are in bytes, times in microseconds.
/// </summary>
internal sealed class Ledbat
{
    /// <summary>How long packets may wait in queues.</summary>
    public const long Target = 100_000;

    /// <summary>The most that the window grows in a round trip once slow start is over.</summary>
    public const int GainPerRoundTrip = 3000;

    /// <summary>The largest window: no peer offers more, and it is kept until it is acknowledged.</summary>
    public const int MaxWindow = 2 << 20;

    private const int FirstPackets = 4;
    private const int LeastPackets = 2;
    private const long SlowStartEnds = Target * 3 / 4; // a queue that filled so quickly will be fuller when the news of it is here

    private double _window;
    private double _threshold = MaxWindow;
    private (double Window, double Threshold)? _beforeLoss;

    public Ledbat(int packet) => _window = FirstPackets * packet;

    /// <summary>Bytes that may be under way.</summary>
    public int Window => (int)_window;

    /// <summary>Whether the window still doubles with each round trip.</summary>
    public bool IsSlowStart => _window < _threshold;

    /// <summary>Bytes were acknowledged.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="queueing">How long packets wait in queues.</param>
    /// <param name="flight">Bytes that were under way before.</param>
    /// <param name="packet">Bytes of a full packet.</param>
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
            // In proportion to the window, or a large one would keep others waiting for minutes: up to half of it a round trip.
            _window -= bytes * Math.Min((queueing - Target) / (2.0 * Target), 0.5);
        }
        else if (flight + 2 * packet >= _window)
        {
            _window += GainPerRoundTrip * (double)(Target - queueing) / Target * Math.Min(1, bytes / _window);
        }

        Bound(packet);
    }

    /// <summary>A packet was lost, the first of those that were under way at the same time.</summary>
    public void Lost(int packet)
    {
        _beforeLoss = (_window, _threshold);
        _window /= 2;
        Bound(packet);
        _threshold = _window;
    }

    /// <summary>What was taken for lost was only late.</summary>
    public void NotLost()
    {
        if (_beforeLoss is not { } before)
            return;
        _window = Math.Max(_window, before.Window);
        _threshold = Math.Max(_threshold, before.Threshold);
        _beforeLoss = null;
    }

    /// <summary>Nothing was heard for so long that nothing is under way any more.</summary>
    public void TimedOut(int packet)
    {
        _beforeLoss = null;
        _threshold = Math.Max(_window / 2, LeastPackets * packet);
        _window = 0;
        Bound(packet);
    }

    private void Bound(int packet) => _window = Math.Clamp(_window, LeastPackets * packet, MaxWindow);
}
