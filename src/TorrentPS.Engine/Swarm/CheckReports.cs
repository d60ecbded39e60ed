using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Swarm;

/// <summary>Reports the progress of the check at intervals. Thread-safe.</summary>
/// <param name="time">The clock.</param>
/// <param name="report">Sends a report.</param>
internal sealed class CheckReports(TimeProvider time, Action report)
{
    private long _reportedAt;
    private double _percent;

    /// <summary>The checked share in percent.</summary>
    public double Percent => Volatile.Read(ref _percent);

    /// <summary>Records the number of checked pieces.</summary>
    public void Checked(int done, int all)
    {
        Volatile.Write(ref _percent, 100.0 * done / all);
        long now = time.GetTimestamp();
        long last = Interlocked.Read(ref _reportedAt);
        if (time.GetElapsedTime(last, now) >= SwarmClock.Period && Interlocked.CompareExchange(ref _reportedAt, now, last) == last)
            report();
    }
}
