namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// How many peers are served at a time while more wait: few, since what one gets is then complete sooner, and can be passed on. Where these few cannot take what our link gives, more are; that is
/// found by trial: slots that do not bring a tenth more are taken back, and the next trial is the later, the more were in vain.
/// </summary>
internal sealed class UploadSlots
{
    /// <summary>Slots to begin with.</summary>
    public const int Fewest = 4;

    /// <summary>Seconds that a rate is measured over, before a trial and during it.</summary>
    public const double PeriodSeconds = 4;

    /// <summary>Seconds until the first trial.</summary>
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

    /// <param name="most">Slots at most, 2 or more.</param>
    public UploadSlots(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        _most = most;
        Count = Math.Min(Fewest, most);
    }

    /// <summary>The most slots, 2 or more.</summary>
    public int Most
    {
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 2);
            if (value == _most)
                return;
            _most = value;
            Count = _countBefore = Math.Min(Fewest, value);
            _beganAt = double.NaN; // what was measured was for the limit from before
        }
    }

    /// <summary>How many peers are served at a time.</summary>
    public int Count { get; private set; }

    /// <summary>Looks at the clock.</summary>
    /// <param name="sent">All bytes ever sent.</param>
    /// <param name="isFull">Whether all slots are taken and others wait.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
    public void Look(long sent, bool isFull, double now)
    {
        if (!isFull || double.IsNaN(_beganAt))
        {
            if (_phase == Phase.Trying)
                Count = _countBefore; // nothing was learnt
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
