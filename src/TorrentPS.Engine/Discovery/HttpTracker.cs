using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery;

/// <summary>A tracker that is asked by HTTP or HTTPS (BEP 3, 7, 23, 24, 48).</summary>
internal sealed class HttpTracker(Uri uri, HttpFetch http) : ITracker
{
    /// <summary>Bytes in a reply at most.</summary>
    public const int MaxReplyLength = 1 << 20;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(20);

    // How long the answer of one address family waits for that of the other.
    private static readonly TimeSpan s_otherFamilyTimeout = TimeSpan.FromSeconds(5);

    public Uri Uri => uri;

    public async Task<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken)
    {
        IReadOnlyList<IPAddress> addresses = await ResolveAsync(cancellationToken).ConfigureAwait(false);
        return Has(addresses, AddressFamily.InterNetwork) && Has(addresses, AddressFamily.InterNetworkV6)
            ? await AnnounceToBothAsync(request, addresses, cancellationToken).ConfigureAwait(false)
            : await AnnounceAsync(request, addresses, AddressFamily.Unspecified, cancellationToken).ConfigureAwait(false);
    }

    public async Task<ScrapeResponse> ScrapeAsync(IReadOnlyList<InfoHash> infoHashes, CancellationToken cancellationToken)
    {
        if (!AnnounceQuery.TryScrape(uri, infoHashes, out string target))
            throw TrackerErrors.Unreachable(uri, "it has no scrape, as its address does not end with 'announce' (BEP 48)");
        IReadOnlyList<IPAddress> addresses = await ResolveAsync(cancellationToken).ConfigureAwait(false);
        HttpReply reply = await GetAsync(target, addresses, AddressFamily.Unspecified, null, cancellationToken).ConfigureAwait(false);
        try
        {
            return TrackerReply.ReadScrape(reply.Body, infoHashes, uri);
        }
        catch (BencodeException exception)
        {
            throw NotAReply(exception);
        }
    }

    /// <summary>
    /// A tracker with addresses of both families learns of only one of ours by an announce, and may answer with peers of only that
    /// family: it is told over both (BEP 7).
    /// </summary>
    private async Task<AnnounceResponse> AnnounceToBothAsync(AnnounceRequest request, IReadOnlyList<IPAddress> addresses, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<AnnounceResponse> v4 = AnnounceAsync(request, addresses, AddressFamily.InterNetwork, both.Token);
        Task<AnnounceResponse> v6 = AnnounceAsync(request, addresses, AddressFamily.InterNetworkV6, both.Token);
        Task<AnnounceResponse> first = await Task.WhenAny(v4, v6).ConfigureAwait(false);
        Task<AnnounceResponse> second = first == v4 ? v6 : v4;
        if (first.IsCompletedSuccessfully)
        {
            using ITimer timer = http.TimeProvider.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), both, s_otherFamilyTimeout, Timeout.InfiniteTimeSpan);
            if (!second.IsCompleted)
                request.PartReceived?.Invoke(first.Result);
            await ((Task)second).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await ((Task)Task.WhenAll(v4, v6)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (v4.IsCompletedSuccessfully && v6.IsCompletedSuccessfully)
            return Merge(v4.Result, v6.Result);
        cancellationToken.ThrowIfCancellationRequested();
        // One family does: most hosts have a route for IPv4 alone.
        return v6.IsCompletedSuccessfully ? v6.Result : await v4.ConfigureAwait(false);
    }

    private AnnounceResponse Merge(AnnounceResponse v4, AnnounceResponse v6)
    {
        var peers = new PeerCollector(PeerSource.Tracker, uri);
        peers.AddRange(v4.Peers);
        peers.AddRange(v6.Peers);
        return v4 with
        {
            Peers = peers.Peers,
            Interval = Max(v4.Interval, v6.Interval),
            MinInterval = Max(v4.MinInterval, v6.MinInterval),
            TrackerId = v4.TrackerId.IsEmpty ? v6.TrackerId : v4.TrackerId,
            Warning = v4.Warning ?? v6.Warning,
        };
    }

    private static bool Has(IReadOnlyList<IPAddress> addresses, AddressFamily family)
    {
        foreach (IPAddress address in addresses)
        {
            if (address.AddressFamily == family)
                return true;
        }
        return false;
    }

    private static bool HasLoopback(IReadOnlyList<IPAddress> addresses)
    {
        foreach (IPAddress address in addresses)
        {
            if (IPAddress.IsLoopback(address))
                return true;
        }
        return false;
    }

    private static TimeSpan? Max(TimeSpan? a, TimeSpan? b) => a is null || b > a ? b : a;

    private async Task<AnnounceResponse> AnnounceAsync(AnnounceRequest request, IReadOnlyList<IPAddress> addresses, AddressFamily family, CancellationToken cancellationToken)
    {
        HttpReply reply = await GetAsync(AnnounceQuery.Announce(uri, request), addresses, family, request.Sent, cancellationToken).ConfigureAwait(false);
        try
        {
            return TrackerReply.ReadAnnounce(reply.Body, uri, reply.From);
        }
        catch (BencodeException exception)
        {
            throw NotAReply(exception);
        }
    }

    private async Task<IReadOnlyList<IPAddress>> ResolveAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<IPAddress> addresses;
        try
        {
            addresses = await http.ResolveAsync(uri, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpFetchException exception)
        {
            throw TrackerErrors.Unreachable(uri, exception.Message, exception);
        }
        // A torrent must not make us send requests of its choosing to services that listen on this machine alone.
        if (!AnnounceQuery.IsAnnounce(uri) && HasLoopback(addresses))
            throw TrackerErrors.Unreachable(uri, "it is on this machine, where only an address whose last part begins with 'announce' is taken for a tracker's");
        return addresses;
    }

    private async Task<HttpReply> GetAsync(string target, IReadOnlyList<IPAddress> addresses, AddressFamily family, Action? sent, CancellationToken cancellationToken)
    {
        var options = new HttpFetchOptions { MaxBodyLength = MaxReplyLength, Timeout = s_timeout, Target = target, Addresses = addresses, Family = family, Sent = sent };
        HttpReply reply;
        try
        {
            reply = await http.GetAsync(uri, options, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpFetchException exception)
        {
            throw TrackerErrors.Unreachable(uri, exception.Message, exception);
        }
        if (reply.Status == 200)
            return reply;
        if (TrackerReply.TryReadFailure(reply.Body, out ReadOnlySpan<byte> text))
            throw TrackerErrors.Failure(uri, text);
        throw TrackerErrors.Unreachable(uri, $"it answered with HTTP status {reply.Status}");
    }

    private TorrentException NotAReply(BencodeException exception) =>
        TrackerErrors.Unreachable(uri, $"its answer is not that of a tracker: {exception.Message.TrimEnd('.')}", exception);
}
