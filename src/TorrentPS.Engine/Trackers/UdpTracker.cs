using System.Net;
using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Trackers;

/// <summary>A tracker over UDP (BEP 15), with path and query as options (BEP 41).</summary>
/// <remarks>
/// On this machine and in the local network it is contacted only if the path is empty or its last part begins with "announce". This is wider than for HTTP, where the
/// path is the request: here the first datagram consists of a number fixed by BEP 15 and a random one, and a service that is not a tracker never gets a second.
/// </remarks>
internal sealed class UdpTracker(Uri uri, HttpFetch http, UdpTrackerConnections connections) : ITracker
{
    private const int MaxAddresses = 6;

    // As long as Transmission waits. The announcer repeats failed announces at growing intervals: the full 2 hours of all nine retransmissions would be too long to learn
    // that a tracker is dead.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_firstWait = TimeSpan.FromSeconds(15);

    private readonly TrackerHost _host = new(uri, http);
    private readonly byte[] _urlData = uri.PathAndQuery is "/" or "" ? [] : Encoding.ASCII.GetBytes(uri.PathAndQuery);
    private IReadOnlyList<IPAddress>? _addresses;

    public Uri Uri => uri;

    public async Task<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = Limit(request.Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        CancellationToken token = either.Token;
        try
        {
            // At the end there is no time to resolve again a name that was resolved at the start.
            IReadOnlyList<IPAddress> addresses = request.Event == AnnounceEvent.Stopped && _addresses is { } known ? known : await ResolveAsync(token).ConfigureAwait(false);
            return await _host.AnnounceAsync(request, addresses, (family, familyToken) => AnnounceAsync(request, addresses, family, familyToken), token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw NoAnswer();
        }
    }

    public async Task<ScrapeResponse> ScrapeAsync(IReadOnlyList<InfoHash> infoHashes, TimeSpan? patience, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = Limit(patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        CancellationToken token = either.Token;
        try
        {
            IReadOnlyList<IPAddress> addresses = await ResolveAsync(token).ConfigureAwait(false);
            var torrents = new ScrapeCounts?[infoHashes.Count];
            for (int first = 0; first < torrents.Length; first += UdpTrackerRequest.MaxScraped)
            {
                int count = Math.Min(torrents.Length - first, UdpTrackerRequest.MaxScraped);
                int begin = first;
                (byte[] reply, _) = await AskAsync(addresses, AddressFamily.Unspecified, UdpTrackerAction.Scrape, patience, null,
                    (destination, connectionId, transactionId) => UdpTrackerRequest.WriteScrape(destination, connectionId, transactionId, infoHashes, begin, count), token).ConfigureAwait(false);
                UdpTrackerReply.ReadScrape(reply, torrents.AsSpan(first, count));
            }
            return new ScrapeResponse { Torrents = torrents };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw NoAnswer();
        }
    }

    private async Task<AnnounceResponse> AnnounceAsync(AnnounceRequest request, IReadOnlyList<IPAddress> addresses, AddressFamily family, CancellationToken cancellationToken)
    {
        (byte[] reply, IPAddress from) = await AskAsync(addresses, family, UdpTrackerAction.Announce, request.Patience, request.Sent,
            (destination, connectionId, transactionId) => Write(destination, connectionId, transactionId, request), cancellationToken).ConfigureAwait(false);
        return UdpTrackerReply.ReadAnnounce(reply, from, uri);
    }

    private int Write(Span<byte> destination, long connectionId, uint transactionId, AnnounceRequest request)
    {
        uint address = 0;
        if (request.Address is { AddressFamily: AddressFamily.InterNetwork } given)
        {
            Span<byte> bytes = stackalloc byte[4];
            given.TryWriteBytes(bytes, out _);
            address = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes);
        }
        var announce = new UdpAnnounce
        {
            InfoHash = request.InfoHash.Wire,
            PeerId = request.PeerId.Span,
            Downloaded = request.Statistics.Downloaded,
            Left = request.Statistics.Left,
            Uploaded = request.Statistics.Uploaded,
            Event = request.Event,
            Address = address,
            Key = request.Key,
            NumWant = request.Event == AnnounceEvent.Stopped ? 0 : request.NumWant,
            Port = (ushort)request.Port,
            UrlData = _urlData,
        };
        return UdpTrackerRequest.WriteAnnounce(destination, connectionId, transactionId, announce);
    }

    /// <summary>Asks the host's addresses, one after the other, until one answers. Only the last is asked more than once.</summary>
    private async Task<(byte[] Reply, IPAddress From)> AskAsync(IReadOnlyList<IPAddress> addresses, AddressFamily family, UdpTrackerAction action,
        TimeSpan? patience, Action? sent, UdpTrackerWriter write, CancellationToken cancellationToken)
    {
        List<EndPoint> chosen = Choose(addresses, family);
        SocketException? error = null;
        for (int i = 0; i < chosen.Count; i++)
        {
            try
            {
                var call = new UdpTrackerCall(action, write, FirstWait(patience, chosen.Count), IsRepeated: i == chosen.Count - 1, sent);
                UdpTrackerConnection connection = connections.Get(chosen[i]);
                byte[]? reply = await connection.AskAsync(call, cancellationToken).ConfigureAwait(false);
                if (reply is null)
                    continue;
                ThrowIfRefused(reply);
                return (reply, connection.From ?? IPAddress.Any);
            }
            catch (SocketException exception)
            {
                error = exception;
            }
        }
        throw error is null ? NoAnswer() : TrackerErrors.Unreachable(uri, HttpFetch.Describe(error), error);
    }

    private void ThrowIfRefused(byte[] reply)
    {
        UdpTrackerReply.TryReadHeader(reply, out UdpTrackerAction answered, out _);
        if (answered == UdpTrackerAction.Error)
            throw TrackerErrors.Failure(uri, UdpTrackerReply.ReadError(reply));
        if (UdpTrackerReply.IsEmptyAnnounce(reply, answered))
            throw TrackerErrors.Failure(uri, "The tracker does not serve this torrent"u8);
    }

    /// <summary>
    /// The time before the first retransmission: 15 s (BEP 15), or a third of the caller's patience if that is less. Otherwise the loss of a single datagram would fail a
    /// search of 15 s, or the <c>stopped</c> at the end of a program. It is still doubled each time, and fewer datagrams are sent than by other clients: libtorrent
    /// treats 10 s of silence as a failure and starts again.
    /// </summary>
    private static TimeSpan FirstWait(TimeSpan? patience, int addresses)
    {
        TimeSpan third = (patience is { } limit && limit > TimeSpan.Zero ? limit : s_timeout) / 3 / addresses;
        return third < s_firstWait ? third : s_firstWait;
    }

    private List<EndPoint> Choose(IReadOnlyList<IPAddress> addresses, AddressFamily family)
    {
        if (addresses.Count == 0)
            return [new DnsEndPoint(UriHost.Of(uri), uri.Port)]; // the proxy resolves the name
        var chosen = new List<EndPoint>();
        foreach (IPAddress address in addresses)
        {
            if (chosen.Count < MaxAddresses && (family == AddressFamily.Unspecified || address.AddressFamily == family))
                chosen.Add(new IPEndPoint(address, uri.Port));
        }
        return chosen;
    }

    private async Task<IReadOnlyList<IPAddress>> ResolveAsync(CancellationToken cancellationToken) =>
        _addresses = await _host.ResolveAsync(cancellationToken).ConfigureAwait(false);

    // A caller with its own limit cancels by itself, and reports the reason.
    private CancellationTokenSource Limit(TimeSpan? patience) => new(patience is null ? s_timeout : Timeout.InfiniteTimeSpan, connections.TimeProvider);

    private TorrentException NoAnswer() => TrackerErrors.Unreachable(uri, "there was no answer");
}
