using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery;

/// <summary>Makes the tracker for an announce address, by its scheme.</summary>
internal sealed class TrackerFactory(HttpFetch http)
{
    /// <summary>Never fails: an address of a scheme that is not spoken gives a tracker that says so when it is asked.</summary>
    public ITracker Create(Uri uri) => uri.IsAbsoluteUri ? uri.Scheme switch
    {
        "http" or "https" => new HttpTracker(uri, http),
        "udp" => new UnsupportedTracker(uri, "UDP trackers are not supported"),
        string scheme => new UnsupportedTracker(uri, $"trackers with '{scheme}' addresses are not supported, only http and https"),
    } : new UnsupportedTracker(uri, "the address is not absolute");

    private sealed class UnsupportedTracker(Uri uri, string reason) : ITracker
    {
        public Uri Uri => uri;

        public Task<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken) =>
            Task.FromException<AnnounceResponse>(TrackerErrors.Unreachable(uri, reason));

        public Task<ScrapeResponse> ScrapeAsync(IReadOnlyList<InfoHash> infoHashes, CancellationToken cancellationToken) =>
            Task.FromException<ScrapeResponse>(TrackerErrors.Unreachable(uri, reason));
    }
}
