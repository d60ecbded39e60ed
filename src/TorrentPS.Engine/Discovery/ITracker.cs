using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery;

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
    Task<ScrapeResponse> ScrapeAsync(IReadOnlyList<InfoHash> infoHashes, CancellationToken cancellationToken);
}
