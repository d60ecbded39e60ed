namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>
/// The number of bytes to request from a web seed at a time: about two seconds of its rate, so that the pause between requests is negligible, and a slow one holds little
/// that others could send. It starts small, because the rate is unknown.
/// </summary>
internal sealed class RunLength
{
    private const double Seconds = 2;
    private const long First = 1 << 20;
    private const long Shortest = 64 << 10;
    private const long Longest = 64 << 20;
    private const int Growth = 4;

    /// <summary>The length of the next run in bytes.</summary>
    public long Next { get; private set; } = First;

    /// <summary>Records the result of a run.</summary>
    /// <param name="bytes">The number of bytes received.</param>
    /// <param name="seconds">The time since the request.</param>
    public void Ended(long bytes, double seconds)
    {
        double wanted = seconds > 0 ? bytes / seconds * Seconds : double.PositiveInfinity;
        if (bytes > 0)
            Next = (long)Math.Clamp(wanted, Shortest, Math.Min(Longest, Next * Growth));
    }
}
