using System.Net;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Trackers;

/// <summary>Creates the tracker of an announce address, by its scheme.</summary>
internal sealed class TrackerFactory(HttpFetch http, UdpTrackerConnections? connections = null) : IDisposable
{
    private readonly UdpTrackerConnections _connections = connections ?? new UdpTrackerConnections(http.TimeProvider, remote => Open(remote, http.Route));

    /// <summary>Never fails: an unsupported scheme gives a tracker whose announces fail with an explanation.</summary>
    public ITracker Create(Uri uri) => uri.IsAbsoluteUri ? uri.Scheme switch
    {
        _ when !UriHost.IsUsable(uri) => new UnsupportedTracker(uri, UriHost.Unusable),
        "http" or "https" => new HttpTracker(uri, http),
        "udp" when http.Proxy is { Kind: ProxyKind.Http } proxy => new UnsupportedTracker(uri, $"UDP trackers cannot be asked through the proxy {proxy}"),
        "udp" when uri.Port is < 1 => new UnsupportedTracker(uri, "its address has no port, which those of UDP trackers need (BEP 15)"),
        "udp" when uri.PathAndQuery.Length > UdpTrackerRequest.MaxUrlData => new UnsupportedTracker(uri, $"its path is longer than {UdpTrackerRequest.MaxUrlData} characters"),
        "udp" => new UdpTracker(uri, http, _connections),
        string scheme => new UnsupportedTracker(uri, $"trackers with '{scheme}' addresses are not supported, only http, https and udp"),
    } : new UnsupportedTracker(uri, "the address is not absolute");

    private static IDatagramSocket Open(EndPoint remote, NetworkRoute route) =>
        route.Proxy is { } proxy ? new ProxiedDatagramSocket(remote, proxy, route) : DatagramSocket.Open((IPEndPoint)remote, route);

    /// <summary>Closes the cached sockets.</summary>
    public void Dispose() => _connections.Dispose();

    private sealed class UnsupportedTracker(Uri uri, string reason) : ITracker
    {
        public Uri Uri => uri;

        public Task<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken) =>
            Task.FromException<AnnounceResponse>(TrackerErrors.Unreachable(uri, reason));

        public Task<ScrapeResponse> ScrapeAsync(IReadOnlyList<InfoHash> infoHashes, TimeSpan? patience, CancellationToken cancellationToken) =>
            Task.FromException<ScrapeResponse>(TrackerErrors.Unreachable(uri, reason));
    }
}
