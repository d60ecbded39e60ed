using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Trackers;

/// <summary>A tracker over HTTP or HTTPS (BEP 3, 7, 23, 24, 48).</summary>
internal sealed class HttpTracker(Uri uri, HttpFetch http) : ITracker
{
    /// <summary>The maximum length of a reply in bytes.</summary>
    public const int MaxReplyLength = 1 << 20;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(20);

    private readonly TrackerHost _host = new(uri, http);

    public Uri Uri => uri;

    public async Task<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken)
    {
        IReadOnlyList<IPAddress> addresses = await _host.ResolveAsync(cancellationToken).ConfigureAwait(false);
        return await _host.AnnounceAsync(request, addresses, (family, token) => AnnounceAsync(request, addresses, family, token), cancellationToken).ConfigureAwait(false);
    }

    public async Task<ScrapeResponse> ScrapeAsync(IReadOnlyList<InfoHash> infoHashes, TimeSpan? patience, CancellationToken cancellationToken)
    {
        if (!AnnounceQuery.TryScrape(uri, infoHashes, out string target))
            throw TrackerErrors.Unreachable(uri, "it has no scrape, as its address does not end with 'announce' (BEP 48)");
        IReadOnlyList<IPAddress> addresses = await _host.ResolveAsync(cancellationToken).ConfigureAwait(false);
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

    /// <summary>Asks for all peers of a torrent, which a tracker of this program lists for machines near it.</summary>
    /// <exception cref="Errors.TorrentException"><c>TrackerUnreachable</c>, <c>TrackerFailure</c>.</exception>
    public async Task<List<ListedPeer>> ListAsync(InfoHash infoHash, CancellationToken cancellationToken)
    {
        IReadOnlyList<IPAddress> addresses = await _host.ResolveAsync(cancellationToken).ConfigureAwait(false);
        HttpReply reply = await GetAsync(AnnounceQuery.List(infoHash), addresses, AddressFamily.Unspecified, null, cancellationToken, PeerListReply.MaxLength).ConfigureAwait(false);
        return PeerListReply.Read(reply.Body, uri);
    }

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

    private async Task<HttpReply> GetAsync(string target, IReadOnlyList<IPAddress> addresses, AddressFamily family, Action? sent, CancellationToken cancellationToken, int maxLength = MaxReplyLength)
    {
        var options = new HttpFetchOptions { MaxBodyLength = maxLength, Timeout = s_timeout, Target = target, Addresses = addresses, Family = family, Sent = sent };
        HttpReply reply;
        try
        {
            reply = await http.GetAsync(_host.Address, options, cancellationToken).ConfigureAwait(false);
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
