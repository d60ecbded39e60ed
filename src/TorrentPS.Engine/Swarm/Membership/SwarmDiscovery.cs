using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// The search for a torrent's peers by all allowed sources. A download continues the search of the session that resolved its magnet link. Belongs to the torrent's loop.
/// </summary>
internal sealed class SwarmDiscovery : IAsyncDisposable
{
    private const double MoreSeconds = 30;

    private readonly SwarmServices _services;
    private readonly DiscoveryRelay _relay;
    private readonly bool _isRunning;
    private double _moreAt = MoreSeconds;

    /// <param name="services">The services that all torrents of the client share.</param>
    /// <param name="before">The search to continue; null for a new one.</param>
    public SwarmDiscovery(SwarmServices services, SwarmDiscovery? before = null)
    {
        (_services, _relay, Sources, _isRunning) = (services, before?._relay ?? new DiscoveryRelay(), before?.Sources, before is not null);
    }

    /// <summary>The sources; null before <see cref="Prepare"/>.</summary>
    public PeerDiscoveries? Sources { get; private set; }

    /// <summary>The DHT; null if the torrent does not use it.</summary>
    public DhtService? Dht { get; private set; }

    /// <summary>Whether peer exchange is allowed (BEP 11).</summary>
    public bool ExchangesPeers { get; private set; }

    /// <summary>Whether no peer can be expected: no source has ever answered, and all fail.</summary>
    public bool IsHopeless => Sources is { AnyAnswered: false, AllFailed: true };

    /// <summary>Adds the initially known peers, and creates the sources. A continued search first reports the peers found meanwhile.</summary>
    /// <param name="request">The request.</param>
    /// <param name="given">Peers from the user or the link.</param>
    /// <param name="roster">The torrent's peers.</param>
    /// <param name="owner">The torrent.</param>
    public void Prepare<TPeer>(DiscoveryRequest request, IEnumerable<IPEndPoint> given, Roster<TPeer> roster, IRosterOwner<TPeer> owner)
        where TPeer : class, IRosterPeer
    {
        foreach (IPEndPoint endPoint in given)
            roster.Book.Add(endPoint, PeerSource.Manual, owner.Now);
        // Another session of the torrent in this client: no tracker returns it, because it has our address.
        if (request.Allows(PeerSource.LocalDiscovery) && owner.ListenPort > 0 && _services.Incoming.HasOthers(owner))
            roster.Book.Add(new IPEndPoint(IPAddress.Loopback, owner.ListenPort), PeerSource.LocalDiscovery, owner.Now);
        ExchangesPeers = request.Allows(PeerSource.PeerExchange);
        Dht = request.Allows(PeerSource.Dht) ? _services.Discoveries.Find<DhtService>() : null;
        _relay.Attach(request.Port, request.Statistics, request.PeersFound);
        if (_isRunning)
            return;
        Sources = _services.Discoveries.For(_relay.Connect(request));
        foreach (TorrentException reason in Sources.Refusals)
            owner.Log(reason.Message);
    }

    /// <summary>Starts the search, unless it already runs.</summary>
    public void Start()
    {
        if (!_isRunning)
            Sources!.Start();
    }

    /// <summary>Stops reporting peers, until another session continues the search.</summary>
    public void Detach() => _relay.Detach();

    /// <summary>Periodic work: requests more peers twice a minute while there are few.</summary>
    public void Tick(double now, bool areFew)
    {
        if (now < _moreAt || !areFew)
            return;
        _moreAt = now + MoreSeconds;
        RequestMore();
    }

    public void RequestMore() => Sources?.RequestMore();

    /// <summary>Sends trackers a stop, within the limit.</summary>
    public Task StopAsync() => Sources?.StopAsync() ?? Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Sources?.DisposeAsync() ?? default;
}
