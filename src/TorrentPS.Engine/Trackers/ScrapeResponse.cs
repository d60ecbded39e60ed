namespace TorrentPS.Engine.Trackers;

/// <summary>What a tracker answered to a scrape (BEP 48).</summary>
internal sealed record ScrapeResponse
{
    /// <summary>The counts of each torrent that was asked for, in that order; null for one that the tracker does not know.</summary>
    public required IReadOnlyList<ScrapeCounts?> Torrents { get; init; }
}

/// <summary>A tracker's counts of one torrent (BEP 48).</summary>
/// <param name="Complete">How many peers have everything.</param>
/// <param name="Incomplete">How many peers are still downloading.</param>
/// <param name="Downloaded">How many downloads were completed.</param>
internal readonly record struct ScrapeCounts(int? Complete, int? Incomplete, int? Downloaded);
