using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Values;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>The swarm of a magnet link that is being resolved: finds peers like a download, and serves their connections. Belongs to the session's loop.</summary>
internal sealed class LinkSwarm : IMetadataSwarm, IPeerExchange, IRosterOwner<MetadataPeer>
{
    /// <summary>The time after which a peer that does not declare the metadata can be replaced, in seconds.</summary>
    private const double UselessSeconds = 10;

    /// <summary>The number of peers with the metadata that is enough.</summary>
    private const int FewSources = 5;

    private readonly SwarmServices _services;
    private readonly Torrent _torrent;
    private readonly ResolveOptions _options;
    private readonly SwarmLoop _loop;
    private readonly byte[] _peerId = PeerId.Create();
    private readonly Action<MetadataPeer> _received;

    /// <param name="services">The services that all torrents of the client share.</param>
    /// <param name="torrent">The contents of the link.</param>
    /// <param name="options">The options.</param>
    /// <param name="loop">The session's loop.</param>
    /// <param name="received">Called when a peer's received bytes are processed.</param>
    /// <param name="startedAt">The start of the whole run, as a timestamp of the clock; null for now.</param>
    /// <param name="stopping">Cancels dialling.</param>
    public LinkSwarm(SwarmServices services, Torrent torrent, ResolveOptions options, SwarmLoop loop, Action<MetadataPeer> received, long? startedAt, CancellationToken stopping)
    {
        (_services, _torrent, _options, _loop, _received) = (services, torrent, options, loop, received);
        StartedAt = startedAt ?? Time.GetTimestamp();
        Roster = new Roster<MetadataPeer>(this, services, new PeerBook(services.Options.Route.Filter), _peerId, options.MaxPeers, stopping);
        Discovery = new SwarmDiscovery(services);
        WireHashes = new WireHashes(torrent.InfoHash);
        Fetch = new MetadataFetch(torrent.InfoHash, Math.Min(MetadataMessage.MaxSize, MetainfoLimits.TorrentBytes));
    }

    public Roster<MetadataPeer> Roster { get; }

    public SwarmDiscovery Discovery { get; }

    public MetadataFetch Fetch { get; }

    /// <summary>Gets the piece layers, once the metadata is complete, if they are wanted.</summary>
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

    /// <summary>When it started, as a time stamp of the clock.</summary>
    public long StartedAt { get; }

    public TimeSpan Elapsed => Time.GetElapsedTime(StartedAt);

    public double Now => Elapsed.TotalSeconds;

    public int ListenPort { get; private set; }

    public int PublicPort => _services.Incoming.PublicPort(ListenPort);

    /// <summary>An impossible size that a peer declared; 0 if none.</summary>
    public long RefusedSize { get; private set; }

    private TimeProvider Time => _services.Options.TimeProvider;

    /// <summary>Accepts connections, and prepares the search for peers.</summary>
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

    /// <summary>The peers in the link (<c>x.pe</c>): addresses, and names to resolve.</summary>
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

    /// <summary>Periodic work.</summary>
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

    /// <summary>Hands over everything that a download can use.</summary>
    public SwarmHandover HandOver()
    {
        IsStopping = true;
        Discovery.Detach();
        HandedOverPeer[] given = [.. Array.ConvertAll(Roster.Peers, peer => peer.GiveAway()).OfType<HandedOverPeer>()];
        Roster.Clear();
        return new SwarmHandover(_peerId, Roster.Book, Discovery, given, _loop);
    }

    /// <summary>Stops accepting connections.</summary>
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

    /// <summary>Closes a peer that does not declare the metadata, or else one that declares it and does not send it.</summary>
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
