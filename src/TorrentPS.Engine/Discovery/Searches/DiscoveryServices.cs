using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>The discovery sources of a client, for all of its torrents.</summary>
/// <param name="services">The sources.</param>
/// <param name="proxy">The proxy for all connections; null for none.</param>
/// <param name="stopLimit">The time limit for notifying trackers of a stop; null for <see cref="DefaultStopLimit"/>.</param>
internal sealed class DiscoveryServices(IReadOnlyList<IDiscoveryService> services, ProxyServer? proxy = null, TimeSpan? stopLimit = null) : IAsyncDisposable
{
    /// <summary>Short enough for Ctrl+C to end within a second.</summary>
    public static readonly TimeSpan DefaultStopLimit = TimeSpan.FromMilliseconds(800);

    /// <summary>Creates the sources for one torrent: those that the client has, the user selected and the torrent allows.</summary>
    public PeerDiscoveries For(DiscoveryRequest request)
    {
        var chosen = new List<IPeerDiscovery>();
        var useless = new List<TorrentException>();
        if (request.PeerNames.Count > 0)
            chosen.Add(proxy is null ? new NamedPeers(request) : new NamedPeers(request, (_, _) => throw Unresolved(proxy)));
        foreach (IDiscoveryService service in services)
        {
            if (!request.Allows(service.Source))
                continue;
            try
            {
                foreach (DiscoveryRequest one in service.Source == PeerSource.Tracker ? ByHash(request) : [request])
                    chosen.Add(service.Create(one));
            }
            catch (TorrentException reason)
            {
                useless.Add(reason);
            }
        }
        // A source that the user did not name may be unavailable without an error, as long as another works.
        if (request.Sources is { } sources)
            useless.AddRange(sources.Distinct().Select(source => RefusalOf(source, request)).OfType<TorrentException>());
        else if (chosen.Count > 0)
            useless.Clear();
        return new PeerDiscoveries(chosen, useless, stopLimit ?? DefaultStopLimit, request.Log);
    }

    /// <summary>
    /// Trackers store the peers of a hybrid torrent under both hashes, like two torrents (BEP 52, "Upgrade Path"); the other sources handle this themselves.
    /// </summary>
    private static IEnumerable<DiscoveryRequest> ByHash(DiscoveryRequest request) => request.InfoHash is { HasV1: true, HasV2: true } both
        ? [request with { InfoHash = InfoHash.Create(both.V1) }, request with { InfoHash = InfoHash.Create(default, both.V2) }]
        : [request];

    /// <summary>The source of this type, if the client has it.</summary>
    public T? Find<T>()
        where T : class, IDiscoveryService => services.OfType<T>().FirstOrDefault();

    /// <summary>Closes what the sources share between torrents, such as a DHT node.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (IDiscoveryService service in services)
        {
            if (service is IAsyncDisposable disposable)
                await disposable.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static ProxyException Unresolved(ProxyServer proxy) => new(System.Net.Sockets.SocketError.HostNotFound, $"looking it up would go around the proxy {proxy}");

    private TorrentException? RefusalOf(PeerSource source, DiscoveryRequest request)
    {
        if (request.IsPrivate && DiscoveryRequest.IsBarredFromPrivate(source))
            return new TorrentException(TorrentErrorId.NoPeers, $"'{request.Name}' is a private torrent, whose peers may come only from its trackers (BEP 27): {source} cannot be asked. Leave that source out.");
        if (source == PeerSource.Manual || services.Any(service => service.Source == source))
            return null;
        if (source != PeerSource.PeerExchange)
            return new TorrentException(TorrentErrorId.NoPeers, $"Peers cannot be looked for by {source}: {(proxy is null ? "this client does not have it." : $"that cannot go through the proxy {proxy}.")}");
        return request.IsSearch ? new TorrentException(TorrentErrorId.NoPeers, "Peers exchange addresses only while they are connected, as in a download: a search cannot ask by PeerExchange.") : null;
    }
}
