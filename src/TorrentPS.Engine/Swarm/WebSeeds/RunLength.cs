namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>
/// How many bytes to ask a web seed for at a time: about two seconds of what it gives, so that the pause between two requests does not count, and a slow one
/// keeps little from others. It begins with little, since nothing is known of its pace.
/// </summary>
internal sealed class RunLength
{
    private const double Seconds = 2;
    private const long First = 1 << 20;
    private const long Shortest = 64 << 10;
    private const long Longest = 64 << 20;
    private const int Growth = 4;

    /// <summary>The length of the next run, in bytes.</summary>
    public long Next { get; private set; } = First;

    /// <summary>Notes how a run went.</summary>
    /// <param name="bytes">What came of it.</param>
    /// <param name="seconds">How long it took from the request on.</param>
    public void Ended(long bytes, double seconds)
    {
        double wanted = seconds > 0 ? bytes / seconds * Seconds : double.PositiveInfinity;
        if (bytes > 0)
            Next = (long)Math.Clamp(wanted, Shortest, Math.Min(Longest, Next * Growth));
    }
}
