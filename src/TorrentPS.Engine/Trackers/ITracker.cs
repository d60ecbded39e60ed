using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Trackers;

/// <summary>A tracker of any protocol.</summary>
internal interface ITracker
{
    /// <summary>The announce address.</summary>
    Uri Uri { get; }

    /// <summary>Announces, and returns the answer.</summary>
    /// <exception cref="Errors.TorrentException"><c>TrackerUnreachable</c>, or <c>TrackerFailure</c> with the tracker's text.</exception>
    Task<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken);

    /// <summary>Requests the tracker's counts.</summary>
    /// <exception cref="Errors.TorrentException"><c>TrackerUnreachable</c>, or <c>TrackerFailure</c> with the tracker's text.</exception>
    /// <param name="infoHashes">The torrents.</param>
    /// <param name="patience">How long the caller waits before it cancels; null for the tracker's own time limit.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<ScrapeResponse> ScrapeAsync(IReadOnlyList<InfoHash> infoHashes, TimeSpan? patience, CancellationToken cancellationToken);
}
