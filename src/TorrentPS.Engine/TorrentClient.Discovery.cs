using System.Runtime.CompilerServices;
using System.Threading.Channels;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Discovery.Local;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Trackers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine;

public sealed partial class TorrentClient
{
    private const int MaxScrapesAtOnce = 32;

    private static readonly TimeSpan s_torrentFileTimeout = TimeSpan.FromSeconds(30);

    private TrackerFactory? _trackers;

    private HttpFetch Http => field ??= new HttpFetch(Options.TimeProvider, rules: new ReachRules(Options.ReachOf, () => Options.AllowPrivateTrackers ?? TrackerTargets.IsAllowedByUser()), route: Options.Route());

    private TrackerFactory Trackers
    {
        get
        {
            lock (_lock)
                return _trackers ??= new TrackerFactory(Http);
        }
    }

    private DiscoveryServices? _discoveries;

    /// <summary>The discovery sources.</summary>
    private DiscoveryServices Discoveries
    {
        get
        {
            lock (_lock)
                return _discoveries ??= CreateDiscoveries();
        }
    }

    private DiscoveryServices CreateDiscoveries()
    {
        List<IDiscoveryService> services = [new TrackerDiscovery(Trackers, Options.AnnounceAddress)];
        // Their datagrams would bypass a proxy.
        if (Options is { DhtEnabled: true, DhtBootstrap.Count: > 0, Proxy: null })
            services.Add(new DhtService(Options.ForDht(), _ports));
        if (Options is { LocalDiscovery: true, Proxy: null })
            services.Add(new LocalDiscoveryService(new MulticastNetwork(Options.Binding, Options.Log), Options.TimeProvider, Options.Log));
        return new DiscoveryServices(services, Options.Proxy, Options.StopLimit);
    }

    /// <summary>Reads a torrent from an http or https address.</summary>
    /// <param name="uri">The address of a .torrent.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TorrentException">There is no torrent at the address (<c>TorrentNotFound</c>), or the data there is not a torrent.</exception>
    public async Task<TorrentInfo> GetTorrentAsync(Uri uri, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(uri);
        if (!uri.IsAbsoluteUri || uri.Scheme is not ("http" or "https"))
            throw NotFound(uri, "only http and https addresses can be read");
        var options = new HttpFetchOptions { MaxBodyLength = TorrentFileReader.MaxLength, Timeout = s_torrentFileTimeout };
        HttpReply reply;
        try
        {
            reply = await Http.GetAsync(NamedAddress.OfUser(uri), options, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpFetchException exception)
        {
            throw NotFound(uri, exception.Message, exception);
        }
        if (reply.Status != 200)
            throw NotFound(uri, reply.Status == 404 ? "the server has nothing there (HTTP status 404)" : $"the server answered with HTTP status {reply.Status}");
        try
        {
            return new TorrentInfo(Torrent.Parse(reply.Body), uri.OriginalString);
        }
        catch (BencodeException exception)
        {
            // Usually a login or error page instead of a torrent: the byte offset alone would not help.
            throw new TorrentException(exception.ErrorId, $"What is at {AddressText.Of(uri)} is not a torrent: {exception.Message}", exception);
        }
    }

    /// <summary>
    /// Asks the discovery sources for peers and yields each new one as it arrives. Trackers receive a start and then a stop, so that none keeps a stale entry (BEP 3).
    /// </summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="options">The options; null means the defaults.</param>
    /// <param name="cancellationToken">Cancels the search; stops are still announced.</param>
    public IAsyncEnumerable<TorrentPeer> FindPeersAsync(TorrentInfo torrent, PeerSearchOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(torrent);
        options ??= new PeerSearchOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxPeers);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Port, 65535);
        return FindPeersCoreAsync(torrent, options, cancellationToken);
    }

    /// <summary>Scrapes every tracker of a torrent (BEP 48) and yields one result for each, as they arrive.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="timeout">The time limit for each.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public IAsyncEnumerable<TorrentTracker> ScrapeAsync(TorrentInfo torrent, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(torrent);
        if (timeout <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "The time to wait must be positive.");
        return ScrapeCoreAsync(torrent, timeout, cancellationToken);
    }

    private static TorrentException NotFound(Uri uri, string reason, Exception? inner = null) =>
        new(TorrentErrorId.TorrentNotFound, $"There is no torrent at {AddressText.Of(uri)}: {reason}.", inner);

    private async IAsyncEnumerable<TorrentPeer> FindPeersCoreAsync(TorrentInfo torrent, PeerSearchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var search = new PeerSearch(torrent.Torrent, options, Discoveries, Options.TimeProvider, Options.Filter);
        search.Start();
        int found = 0;
        await foreach (DiscoveredPeer peer in search.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return new TorrentPeer
            {
                Address = peer.EndPoint.Address.ToString(),
                Port = peer.EndPoint.Port,
                PeerId = PeerId.ToText(peer.PeerId.Span),
                InfoHash = torrent.InfoHash,
                TorrentName = torrent.Name,
                Source = peer.Source,
                Tracker = peer.Tracker,
            };
            if (++found == options.MaxPeers)
                yield break;
        }
    }

    /// <summary>Asks a tracker of this program for the machines of a torrent's swarm, once or until enough of them have complete data.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="options">What to ask, of which tracker; null means the defaults.</param>
    /// <param name="cancellationToken">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TorrentException">No tracker lists its peers (<c>TrackerUnreachable</c>, <c>TrackerFailure</c>), or there is none (<c>NoPeers</c>).</exception>
    public Task<TorrentSwarm> GetSwarmAsync(TorrentInfo torrent, SwarmQueryOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(torrent);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return new SwarmQuery(torrent, options ?? new SwarmQueryOptions(), Http).RunAsync(cancellationToken);
    }

    private async IAsyncEnumerable<TorrentTracker> ScrapeCoreAsync(TorrentInfo torrent, TimeSpan timeout, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var gate = new SemaphoreSlim(MaxScrapesAtOnce);
        var results = Channel.CreateUnbounded<TorrentTracker>();
        var scrapes = new List<Task>();
        for (int tier = 0; tier < torrent.Torrent.Trackers.Count; tier++)
        {
            foreach (Uri uri in torrent.Torrent.Trackers[tier])
                scrapes.Add(ScrapeOneAsync(uri, tier));
        }
        try
        {
            for (int i = 0; i < scrapes.Count; i++)
                yield return await results.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(scrapes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task ScrapeOneAsync(Uri uri, int tier)
        {
            await gate.WaitAsync(ending.Token).ConfigureAwait(false);
            try
            {
                results.Writer.TryWrite(await ScrapeAsync(torrent, uri, tier, timeout, ending.Token).ConfigureAwait(false));
            }
            finally
            {
                gate.Release();
            }
        }
    }

    private async Task<TorrentTracker> ScrapeAsync(TorrentInfo torrent, Uri uri, int tier, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var result = new TorrentTracker { Uri = uri, Tier = tier, InfoHash = torrent.InfoHash, TorrentName = torrent.Name };
        using var limit = new CancellationTokenSource(timeout, Options.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        long begin = Options.TimeProvider.GetTimestamp();
        TorrentException error;
        try
        {
            ScrapeResponse response = await Trackers.Create(uri).ScrapeAsync([torrent.Torrent.InfoHash], timeout, both.Token).ConfigureAwait(false);
            TimeSpan latency = Options.TimeProvider.GetElapsedTime(begin);
            if (response.Torrents[0] is { } counts)
                return result with { Seeders = counts.Complete, Leechers = counts.Incomplete, Downloads = counts.Downloaded, Latency = latency };
            error = TrackerErrors.Failure(uri, "The tracker does not know this torrent"u8);
        }
        catch (TorrentException exception)
        {
            error = exception;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            error = TrackerErrors.Unreachable(uri, $"there was no answer within {timeout.TotalSeconds:0.#} s");
        }
        return result with { Error = error.Message, ErrorId = error.ErrorId };
    }
}
