namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// The number of requests to keep outstanding with a peer, so that it is never idle between two of them. It doubles with every round trip until the rate no longer
/// follows (slow start), and is then <see cref="QueueSeconds"/> of the measured rate, which covers the round trip and the peer's disk.
/// </summary>
internal sealed class RequestWindow
{
    /// <summary>The amount of outstanding data, in seconds.</summary>
    public const double QueueSeconds = 3;

    /// <summary>The same in a swarm whose peers pass pieces on: requests are then chosen late, by what others have meanwhile.</summary>
    public const double ShortQueueSeconds = 1;

    /// <summary>The limit for a peer that does not declare its queue length (BEP 10, "reqq"), which all clients in use support.</summary>
    public const int UnknownLimit = 250;

    /// <summary>The minimum number of outstanding requests, however slow the peer.</summary>
    public const int Minimum = 2;

    private const int Initial = 32;
    private const int ShortInitial = 16;
    private const int Maximum = 2000;
    private const double GrowthCheckSeconds = 1;

    private int _limit = UnknownLimit;
    private bool _isSlowStart = true;
    private double _rateAtCheck;
    private double _checkAt = double.NaN;

    /// <summary>Whether other peers pass pieces on, so that the queue should be short.</summary>
    public bool IsShort
    {
        get;
        set
        {
            if (value == field)
                return;
            field = value;
            if (value)
                Size = Math.Min(Size, Beginning);
        }
    }

    /// <summary>The number of requests to keep outstanding.</summary>
    public int Size { get; private set; } = Initial;

    private int Beginning => Math.Min(IsShort ? ShortInitial : Initial, _limit);

    /// <summary>Sets the queue length that the peer declares; nonsensical values are ignored.</summary>
    public void SetPeerLimit(long reqq)
    {
        if (reqq > 0)
            _limit = (int)Math.Clamp(reqq, 1, Maximum);
        Size = Math.Min(Size, _limit);
    }

    /// <summary>Records a received block, and the current rate.</summary>
    public void BlockReceived(double bytesPerSecond, double now)
    {
        if (double.IsNaN(_checkAt))
            _checkAt = now + GrowthCheckSeconds;
        if (_isSlowStart)
        {
            Size = Math.Min(Size + 1, _limit);
            if (now < _checkAt)
                return;
            // A rate that grew by less than a tenth in a second has reached the limit of the link or the peer.
            _isSlowStart = bytesPerSecond > _rateAtCheck * 1.1;
        }
        else if (now < _checkAt)
        {
            return;
        }

        _rateAtCheck = bytesPerSecond;
        _checkAt = now + GrowthCheckSeconds;
        if (!_isSlowStart)
            Size = Math.Clamp((int)(bytesPerSecond * (IsShort ? ShortQueueSeconds : QueueSeconds) / Wire.BlockRequest.BlockLength), Math.Min(Minimum, _limit), _limit);
    }

    /// <summary>The peer is snubbed: one block at a time until it sends again.</summary>
    public void Snub()
    {
        Size = 1;
        _isSlowStart = false;
        _rateAtCheck = 0;
        _checkAt = double.NaN;
    }

    /// <summary>The peer unchokes us: its turn may be short, and starts with at least the window of a new peer.</summary>
    public void Resume()
    {
        Size = Math.Max(Size, Beginning);
        _checkAt = double.NaN;
    }

    /// <summary>A snubbed peer sends again: starts over.</summary>
    public void Restart()
    {
        Size = Beginning;
        _isSlowStart = true;
        _rateAtCheck = 0;
        _checkAt = double.NaN;
    }
}
