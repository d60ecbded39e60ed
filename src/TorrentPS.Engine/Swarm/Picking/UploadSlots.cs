namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// The number of peers served at a time while more wait: few, since a piece is then complete sooner and can be passed on. If these cannot use our upload rate, there are
/// more. That is found by trials: slots that do not add a tenth to the rate are withdrawn, and the more trials fail, the later the next.
/// </summary>
internal sealed class UploadSlots
{
    /// <summary>The initial number of slots.</summary>
    public const int Fewest = 4;

    /// <summary>The time over which a rate is measured, before a trial and during it, in seconds.</summary>
    public const double PeriodSeconds = 4;

    /// <summary>The time until the first trial, in seconds.</summary>
    public const double PauseSeconds = 10;

    private const double LongestPause = 120;
    private const double Gain = 1.1;

    private int _most;
    private Phase _phase = Phase.Pausing;
    private double _pause = PauseSeconds;
    private double _beganAt = double.NaN;
    private long _beganWith;
    private double _rateBefore;
    private int _countBefore;

    /// <param name="most">The maximum number of slots, at least 2.</param>
    public UploadSlots(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        _most = most;
        Count = Math.Min(Fewest, most);
    }

    /// <summary>The maximum number of slots, at least 2.</summary>
    public int Most
    {
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 2);
            if (value == _most)
                return;
            _most = value;
            Count = _countBefore = Math.Min(Fewest, value);
            _beganAt = double.NaN; // the measurement was for the previous limit
        }
    }

    /// <summary>The number of peers served at a time.</summary>
    public int Count { get; private set; }

    /// <summary>Periodic work.</summary>
    /// <param name="sent">The total number of bytes sent.</param>
    /// <param name="isFull">Whether all slots are taken and other peers wait.</param>
    /// <param name="now">The torrent's clock in seconds.</param>
    public void Look(long sent, bool isFull, double now)
    {
        if (!isFull || double.IsNaN(_beganAt))
        {
            if (_phase == Phase.Trying)
                Count = _countBefore; // the trial has no result
            Begin(Phase.Pausing, sent, now);
            return;
        }

        double lasted = now - _beganAt, rate = (sent - _beganWith) / Math.Max(lasted, 0.001);
        if (_phase == Phase.Pausing && lasted >= _pause && Count < _most)
            Begin(Phase.Measuring, sent, now);
        else if (_phase == Phase.Measuring && lasted >= PeriodSeconds)
            Try(rate, sent, now);
        else if (_phase == Phase.Trying && lasted >= PeriodSeconds)
            Judge(rate, sent, now);
    }

    private void Try(double rate, long sent, double now)
    {
        (_rateBefore, _countBefore) = (rate, Count);
        Count = Math.Min(Count + Count / 2, _most);
        Begin(Phase.Trying, sent, now);
    }

    private void Judge(double rate, long sent, double now)
    {
        if (rate > _rateBefore * Gain)
        {
            _pause = PauseSeconds;
            if (Count < _most)
                Try(rate, sent, now);
            else
                Begin(Phase.Pausing, sent, now);
            return;
        }

        Count = _countBefore;
        _pause = Math.Min(2 * _pause, LongestPause);
        Begin(Phase.Pausing, sent, now);
    }

    private void Begin(Phase phase, long sent, double now)
    {
        _phase = phase;
        _beganAt = now;
        _beganWith = sent;
    }

    private enum Phase
    {
        Pausing,
        Measuring,
        Trying,
    }
}
