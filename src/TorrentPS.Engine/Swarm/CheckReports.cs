using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Swarm;

/// <summary>Tells now and then how far the checking is. From any thread.</summary>
/// <param name="time">The time.</param>
/// <param name="report">Tells it.</param>
internal sealed class CheckReports(TimeProvider time, Action report)
{
    private long _reportedAt;
    private double _percent;

    /// <summary>How much is checked.</summary>
    public double Percent => Volatile.Read(ref _percent);

    /// <summary>Notes that so many pieces are checked.</summary>
    public void Checked(int done, int all)
    {
        Volatile.Write(ref _percent, 100.0 * done / all);
        long now = time.GetTimestamp();
        long last = Interlocked.Read(ref _reportedAt);
        if (time.GetElapsedTime(last, now) >= SwarmClock.Period && Interlocked.CompareExchange(ref _reportedAt, now, last) == last)
            report();
    }
}
