using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Trackers;

/// <summary>One tracker, whatever it speaks.</summary>
internal interface ITracker
{
    /// <summary>Its announce address.</summary>
    Uri Uri { get; }

    /// <summary>Tells it of us and asks for peers.</summary>
    /// <exception cref="Errors.TorrentException"><c>TrackerUnreachable</c>, or <c>TrackerFailure</c> with its own text.</exception>
    Task<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken);

    /// <summary>Asks for its counts.</summary>
    /// <exception cref="Errors.TorrentException"><c>TrackerUnreachable</c>, or <c>TrackerFailure</c> with its own text.</exception>
    /// <param name="infoHashes">The torrents.</param>
    /// <param name="patience">How long the caller waits before it cancels; null for as long as the tracker does by itself.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task<ScrapeResponse> ScrapeAsync(IReadOnlyList<InfoHash> infoHashes, TimeSpan? patience, CancellationToken cancellationToken);
}
