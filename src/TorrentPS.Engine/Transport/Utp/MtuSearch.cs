namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// Looks for the largest packet that arrives whole. It begins with one that all but all networks carry; a larger one is tried as a probe that
/// must not be fragmented, while all others may be. Sizes are of a whole uTP packet, without the headers of UDP and IP.
/// </summary>
internal sealed class MtuSearch
{
    private const int Precision = 16;
    private const int MaxFailures = 3; // one may have been lost as any packet may

    private readonly int _top;
    private int _ceiling;
    private int _failures;
    private bool _isUnderWay;

    /// <param name="floor">What is taken to arrive.</param>
    /// <param name="ceiling">The most there can be; not more than the floor where nothing is to be tried.</param>
    public MtuSearch(int floor, int ceiling)
    {
        Current = floor;
        _top = _ceiling = ceiling;
    }

    /// <summary>The size that is used.</summary>
    public int Current { get; private set; }

    /// <summary>The size to try next; 0 when there is nothing to try, or a probe is under way.</summary>
    public int NextProbe
    {
        get
        {
            if (_isUnderWay || _ceiling - Current < Precision)
                return 0;
            // Mostly everything is an Ethernet: the whole is tried before the half.
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
    /// <param name="isCertain">Whether it was for its size.</param>
    public void Failed(int size, bool isCertain = false)
    {
        _isUnderWay = false;
        if (++_failures < MaxFailures && !isCertain)
            return;
        _failures = 0;
        _ceiling = Math.Min(_ceiling, size - 1);
    }
}
