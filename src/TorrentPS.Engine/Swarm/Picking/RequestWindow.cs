namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// How many blocks a peer should have outstanding: enough that it is never idle between two of our requests. It doubles with every round
/// trip until the rate no longer follows (slow start), and is then the blocks of <see cref="QueueSeconds"/> at the measured rate, which
/// covers the way there and back and the other end's disk.
/// </summary>
internal sealed class RequestWindow
{
    /// <summary>Seconds of data to have outstanding.</summary>
    public const double QueueSeconds = 3;

    /// <summary>What a peer gets that has not said how many requests it queues (BEP 10, "reqq"): what every client in use keeps.</summary>
    public const int UnknownLimit = 250;

    /// <summary>Blocks that any peer may have outstanding, however slow.</summary>
    public const int Minimum = 2;

    private const int Initial = 32;
    private const int Maximum = 2000;
    private const double GrowthCheckSeconds = 1;

    private int _limit = UnknownLimit;
    private bool _isSlowStart = true;
    private double _rateAtCheck;
    private double _checkAt = double.NaN;

    /// <summary>Blocks to have outstanding now.</summary>
    public int Size { get; private set; } = Initial;

    /// <summary>Sets the number of requests that the peer says it queues; numbers that make no sense are ignored.</summary>
    public void SetPeerLimit(long reqq)
    {
        if (reqq > 0)
            _limit = (int)Math.Clamp(reqq, 1, Maximum);
        Size = Math.Min(Size, _limit);
    }

    /// <summary>Notes a block and the rate it came at.</summary>
    public void BlockReceived(double bytesPerSecond, double now)
    {
        if (double.IsNaN(_checkAt))
            _checkAt = now + GrowthCheckSeconds;
        if (_isSlowStart)
        {
            Size = Math.Min(Size + 1, _limit);
            if (now < _checkAt)
                return;
            // A rate that grew by less than a tenth in a second has found what the link or the peer gives.
            _isSlowStart = bytesPerSecond > _rateAtCheck * 1.1;
        }
        else if (now < _checkAt)
        {
            return;
        }

        _rateAtCheck = bytesPerSecond;
        _checkAt = now + GrowthCheckSeconds;
        if (!_isSlowStart)
            Size = Math.Clamp((int)(bytesPerSecond * QueueSeconds / Wire.BlockRequest.BlockLength), Math.Min(Minimum, _limit), _limit);
    }

    /// <summary>The peer has let time pass: one block at a time until it sends again.</summary>
    public void Snub()
    {
        Size = 1;
        _isSlowStart = false;
        _rateAtCheck = 0;
        _checkAt = double.NaN;
    }

    /// <summary>A snubbed peer sends again: start anew.</summary>
    public void Restart()
    {
        Size = Math.Min(Initial, _limit);
        _isSlowStart = true;
        _rateAtCheck = 0;
        _checkAt = double.NaN;
    }
}
