namespace TorrentPS.Engine.TrackerHosting;

/// <summary>The number of requests that a tracker has answered. Thread-safe.</summary>
internal sealed class TrackerCounters
{
    private long _announces;
    private long _scrapes;

    public long Announces => Interlocked.Read(ref _announces);

    public long Scrapes => Interlocked.Read(ref _scrapes);

    public void CountAnnounce() => Interlocked.Increment(ref _announces);

    public void CountScrape() => Interlocked.Increment(ref _scrapes);
}
