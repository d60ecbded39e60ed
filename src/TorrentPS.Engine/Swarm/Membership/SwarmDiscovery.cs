using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// The search for a torrent's peers by all sources that it allows. A download goes on with that of the session which has resolved its magnet link. Belongs to the torrent's loop.
/// </summary>
internal sealed class SwarmDiscovery : IAsyncDisposable
{
    private const double MoreSeconds = 30;

    private readonly SwarmServices _services;
    private readonly DiscoveryRelay _relay;
    private readonly bool _isRunning;
    private double _moreAt = MoreSeconds;

    /// <param name="services">What all torrents of the client share.</param>
    /// <param name="before">The search to go on with; null for a new one.</param>
    public SwarmDiscovery(SwarmServices services, SwarmDiscovery? before = null)
    {
        (_services, _relay, Sources, _isRunning) = (services, before?._relay ?? new DiscoveryRelay(), before?.Sources, before is not null);
    }

    /// <summary>The sources; null while it is not prepared.</summary>
    public PeerDiscoveries? Sources { get; private set; }

    /// <summary>The DHT; null when the torrent has nothing to do with it.</summary>
    public DhtService? Dht { get; private set; }

    /// <summary>Whether peers may name others (BEP 11).</summary>
    public bool ExchangesPeers { get; private set; }

    /// <summary>Whether no peer can be expected: none of the sources has ever answered, and each fails.</summary>
    public bool IsHopeless => Sources is { AnyAnswered: false, AllFailed: true };

    /// <summary>Notes the peers that are known from the start, and finds out which sources there are. A search that is gone on with tells of the peers that it has found meanwhile.</summary>
    /// <param name="request">What is looked for.</param>
    /// <param name="given">Peers that the user or the link names.</param>
    /// <param name="roster">The torrent's peers.</param>
    /// <param name="owner">The torrent.</param>
    public void Prepare<TPeer>(DiscoveryRequest request, IEnumerable<IPEndPoint> given, Roster<TPeer> roster, IRosterOwner<TPeer> owner)
        where TPeer : class, IRosterPeer
    {
        foreach (IPEndPoint endPoint in given)
            roster.Book.Add(endPoint, PeerSource.Manual, owner.Now);
        // The same torrent once more in this client: no tracker names it to us, since it is where we are.
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

    /// <summary>Begins to search, unless that goes on.</summary>
    public void Start()
    {
        if (!_isRunning)
            Sources!.Start();
    }

    /// <summary>Tells of no peers for now, until another session goes on with it.</summary>
    public void Detach() => _relay.Detach();

    /// <summary>Looks at the clock: more peers are asked for twice a minute while there are few.</summary>
    public void Tick(double now, bool areFew)
    {
        if (now < _moreAt || !areFew)
            return;
        _moreAt = now + MoreSeconds;
        RequestMore();
    }

    public void RequestMore() => Sources?.RequestMore();

    /// <summary>Tells trackers of the end, as far as they answer at once.</summary>
    public Task StopAsync() => Sources?.StopAsync() ?? Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Sources?.DisposeAsync() ?? default;
}
