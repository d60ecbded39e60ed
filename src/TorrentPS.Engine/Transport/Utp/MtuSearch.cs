namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// Searches for the largest packet size that arrives. It starts with a size that almost every network carries; larger ones are tried with probes that must not be
/// fragmented, while all other packets may be. Sizes are of whole uTP packets, without the headers of UDP and IP.
/// </summary>
internal sealed class MtuSearch
{
    private const int Precision = 16;
    private const int MaxFailures = 3; // a probe may be lost like any other packet

    private readonly int _top;
    private int _ceiling;
    private int _failures;
    private bool _isUnderWay;

    /// <param name="floor">The size that is assumed to arrive.</param>
    /// <param name="ceiling">The maximum size; at most the floor disables probing.</param>
    public MtuSearch(int floor, int ceiling)
    {
        Current = floor;
        _top = _ceiling = ceiling;
    }

    /// <summary>The current packet size.</summary>
    public int Current { get; private set; }

    /// <summary>The size to probe next; 0 if there is none, or a probe is in flight.</summary>
    public int NextProbe
    {
        get
        {
            if (_isUnderWay || _ceiling - Current < Precision)
                return 0;
            // Most networks are Ethernet: its full size is tried before half of it.
            return _ceiling == _top ? _top : (Current + _ceiling + 1) / 2;
        }
    }

    public void Sent() => _isUnderWay = true;

    public void Arrived(int size)
    {
        _isUnderWay = false;
        _failures = 0;
        Current = Math.Max(Current, size);
    }

    /// <summary>A probe was lost.</summary>
    /// <param name="size">Its size.</param>
    /// <param name="isCertain">Whether it was certainly too large.</param>
    public void Failed(int size, bool isCertain = false)
    {
        _isUnderWay = false;
        if (++_failures < MaxFailures && !isCertain)
            return;
        _failures = 0;
        _ceiling = Math.Min(_ceiling, size - 1);
    }
}
