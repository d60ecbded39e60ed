using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Values;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>The swarm of a magnet link that is resolved: finds peers as a download does, and is what their connections know of it. Belongs to the session's loop.</summary>
internal sealed class LinkSwarm : IMetadataSwarm, IPeerExchange, IRosterOwner<MetadataPeer>
{
    /// <summary>How long a peer may take to say that it has the metadata before another may have its place.</summary>
    private const double UselessSeconds = 10;

    /// <summary>Once this many peers have the metadata, no more are searched for.</summary>
    private const int FewSources = 5;

    private readonly SwarmServices _services;
    private readonly Torrent _torrent;
    private readonly ResolveOptions _options;
    private readonly SwarmLoop _loop;
    private readonly byte[] _peerId = PeerId.Create();
    private readonly Action<MetadataPeer> _received;

    /// <param name="services">What all torrents of the client share.</param>
    /// <param name="torrent">What the link says.</param>
    /// <param name="options">How to resolve it.</param>
    /// <param name="loop">The session's loop.</param>
    /// <param name="received">Hears that what a peer has sent is read.</param>
    /// <param name="stopping">Ends dialling.</param>
    public LinkSwarm(SwarmServices services, Torrent torrent, ResolveOptions options, SwarmLoop loop, Action<MetadataPeer> received, CancellationToken stopping)
    {
        (_services, _torrent, _options, _loop, _received) = (services, torrent, options, loop, received);
        StartedAt = Time.GetTimestamp();
        Roster = new Roster<MetadataPeer>(this, services, new PeerBook(services.Options.Route.Filter), _peerId, options.MaxPeers, stopping);
        Discovery = new SwarmDiscovery(services);
        WireHashes = new WireHashes(torrent.InfoHash);
        Fetch = new MetadataFetch(torrent.InfoHash, Math.Min(MetadataMessage.MaxSize, MetainfoLimits.TorrentBytes));
    }

    public Roster<MetadataPeer> Roster { get; }

    public SwarmDiscovery Discovery { get; }

    public MetadataFetch Fetch { get; }

    /// <summary>What gets the piece layers, from when the metadata is there and they are wanted.</summary>
    public LayerSearch? Search { get; set; }

    /// <inheritdoc/>
    public LayerFetch? Layers => Search?.Fetch;

    public IPeerExchange? Exchange => Discovery.ExchangesPeers ? this : null;

    public WireHashes WireHashes { get; }

    WireHashes IRosterOwner<MetadataPeer>.Dialled => Search?.Dialled ?? WireHashes;

    public EncryptionMode Encryption => _options.Encryption ?? _services.Options.Encryption;

    public PeerTransport Transport => _options.Transport ?? _services.Options.Transport;

    public bool IsSeeding => false;

    public bool IsStopping { get; set; }

    bool IRosterOwner<MetadataPeer>.HasDht => Discovery.Dht is { Port: > 0 };

    /// <summary>When it began, as a time stamp of the clock.</summary>
    public long StartedAt { get; }

    public TimeSpan Elapsed => Time.GetElapsedTime(StartedAt);

    public double Now => Elapsed.TotalSeconds;

    public int ListenPort { get; private set; }

    public int PublicPort => _services.Incoming.PublicPort(ListenPort);

    /// <summary>A size that a peer says and that no metadata has; 0 when none has said one.</summary>
    public long RefusedSize { get; private set; }

    private TimeProvider Time => _services.Options.TimeProvider;

    /// <summary>Takes connections, and prepares the search for peers.</summary>
    public void Open()
    {
        _services.Connector.AddTorrent();
        ListenPort = _services.Incoming.Add(this, _options.Port);
        (List<IPEndPoint> peers, List<DnsEndPoint> names) = PeersOfLink();
        DiscoveryRequest request = new()
        {
            InfoHash = _torrent.InfoHash,
            Name = _torrent.Name,
            Trackers = _torrent.Trackers,
            PeerNames = [.. _options.PeerNames, .. names],
            OnError = _options.OnError,
            Sources = _options.Sources,
            PeerId = _peerId,
            Port = () => ListenPort,
            PublicPort = _services.Incoming.PublicPort,
            Statistics = () => new AnnounceStatistics(0, 0, Math.Max(_torrent.Link!.Length ?? 0, MetainfoLimits.BlockLength)),
            PeersFound = peers => _loop.Enqueue(_ => Roster.Add(peers), null),
            TimeProvider = Time,
            Log = Log,
        };
        Discovery.Prepare(request, [.. _options.Peers, .. peers], Roster, this);
    }

    /// <summary>The peers that the link names (<c>x.pe</c>): addresses, and names that are to be looked up.</summary>
    private (List<IPEndPoint> Addresses, List<DnsEndPoint> Names) PeersOfLink()
    {
        (List<IPEndPoint> addresses, List<DnsEndPoint> names) = ([], []);
        foreach (string peer in _torrent.Link!.Peers)
        {
            if (!PeerAddress.TryParse(peer, out PeerAddress address))
                continue;
            if (address.ToEndPoint() is IPEndPoint endPoint)
                addresses.Add(endPoint);
            else
                names.Add(new DnsEndPoint(address.Host, address.Port));
        }

        return (addresses, names);
    }

    /// <summary>Looks at the clock.</summary>
    public void Tick(double now)
    {
        Fetch.Expire(now);
        Roster.ForEach(now, static (now, peer) => peer.Tick(now));
        Roster.ForEach(now, static (_, peer) => peer.Ask());
        if (Roster.Peers.Length >= _options.MaxPeers && Roster.HasDue())
            CloseUseless();
        Roster.ConnectMore();
        Roster.TellBlocked();
        Discovery.Tick(now, Fetch.Sources < FewSources);
    }

    /// <summary>Gives all away that a download goes on with.</summary>
    public SwarmHandover HandOver()
    {
        IsStopping = true;
        Discovery.Detach();
        HandedOverPeer[] given = [.. Array.ConvertAll(Roster.Peers, peer => peer.GiveAway()).OfType<HandedOverPeer>()];
        Roster.Clear();
        return new SwarmHandover(_peerId, Roster.Book, Discovery, given, _loop);
    }

    /// <summary>Takes no more connections.</summary>
    public async Task CloseAsync()
    {
        IsStopping = true;
        await _services.Incoming.RemoveAsync(this);
        _services.Connector.RemoveTorrent();
    }

    public bool IsSelf(Handshake handshake) => handshake.PeerId.SequenceEqual(_peerId);

    public bool TryReserveConnection(bool isIncoming) => Roster.TryReserve(isIncoming);

    public void PublicPortChanged() => _loop.Enqueue(_ =>
    {
        if (!IsStopping)
            Discovery.RequestMore();
    }, null);

    /// <inheritdoc/>
    public void Accept(PeerStream stream, Handshake handshake) => _loop.Enqueue(_ => _ = Roster.AnswerAsync(stream, handshake), null);

    MetadataPeer IRosterOwner<MetadataPeer>.Create(PeerStream stream, Handshake handshake, PeerCandidate? candidate, bool isV2) =>
        new(this, new PeerConnection(stream, handshake, isV2), candidate);

    void IRosterOwner<MetadataPeer>.Begin(MetadataPeer peer)
    {
        Log($"Peer {peer.EndPoint} connected: {peer.Client}");
        _ = peer.RunAsync();
    }

    /// <inheritdoc/>
    public bool MakeRoomFor(IPEndPoint comer) => CloseUseless();

    /// <summary>One that does not say that it has the metadata gives up its place, or else one that says so and does not send it.</summary>
    private bool CloseUseless()
    {
        double now = Now;
        MetadataPeer? useless = Array.Find(Roster.Peers, peer => peer.Source is null && now - peer.ConnectedAt > UselessSeconds)
            ?? (Layers is null ? Array.Find(Roster.Peers, peer => peer.Source?.PausedUntil > now) : null);
        useless?.Close(PeerClose.Replaced);
        return useless is not null;
    }

    public void PeersExchanged(PeerHandler peer, PeerExchangeMessage message) => Roster.Exchange(peer, message);

    public void Received(MetadataPeer peer) => _received(peer);

    public void SizeRefused(MetadataPeer peer, long size)
    {
        RefusedSize = size;
        Log($"Peer {peer.EndPoint} says that the metadata has {size} bytes, which cannot be");
    }

    public void HashesWrong(MetadataPeer peer) => Roster.Ban(peer, "hashes that do not lead to their root");

    public void Closed(MetadataPeer peer, PeerClose reason)
    {
        Roster.Remove(peer, reason, isSeed: false);
        if (!IsStopping)
            Log($"Peer {peer.EndPoint} closed: {reason}");
    }

    public void Log(string message) => (_options.Log ?? _services.Options.Log)?.Invoke(message);
}
