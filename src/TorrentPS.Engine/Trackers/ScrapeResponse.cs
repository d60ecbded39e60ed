namespace TorrentPS.Engine.Trackers;

/// <summary>A tracker's answer to a scrape (BEP 48).</summary>
internal sealed record ScrapeResponse
{
    /// <summary>The counts of each torrent in the request, in the same order; null for a torrent that the tracker does not know.</summary>
    public required IReadOnlyList<ScrapeCounts?> Torrents { get; init; }
}

/// <summary>A tracker's counts of one torrent (BEP 48).</summary>
/// <param name="Complete">The number of peers with complete data.</param>
/// <param name="Incomplete">The number of peers that are still downloading.</param>
/// <param name="Downloaded">The number of completed downloads.</param>
internal readonly record struct ScrapeCounts(int? Complete, int? Incomplete, int? Downloaded);
