using System.Globalization;
using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// Gets the metadata of a magnet link from peers (BEP 9), which it finds as a download does. Its state belongs to its <see cref="SwarmLoop"/>. What
/// it has opened (connections, discoveries, addresses) goes to the download, when there is one. This part is the course of a run; the other is its peers.
/// </summary>
internal sealed partial class MetadataSession : IMetadataSwarm, IRosterOwner<MetadataPeer>, IDisposable
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_leaveLimit = TimeSpan.FromMilliseconds(300);

    /// <summary>How long trackers that have never answered are tried before that is the result, when nobody else is known.</summary>
    private const double NobodySeconds = 30;

    private const double MorePeersSeconds = 30;

    private readonly SwarmServices _services;
    private readonly Torrent _torrent;
    private readonly MagnetLink _link;
    private readonly ResolveOptions _options;
    private readonly IProgress<TorrentDownload>? _progress;
    private readonly string _destination;
    private readonly TimeProvider _time;
    private readonly SwarmLoop _loop = new();
    private readonly long _startedAt;
    private readonly byte[] _peerId = PeerId.Create();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<Torrent> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DiscoveryRelay _relay = new();
    private PeerDiscoveries? _discoveries;
    private DhtService? _dht; // null when this torrent has nothing to do with it
    private double _lastProgressAt;
    private double _lastShare;
    private double _morePeersAt = MorePeersSeconds;
    private bool _isStopping;
    private bool _handsOver;

    /// <param name="services">What all torrents of the client share.</param>
    /// <param name="torrent">What the link says.</param>
    /// <param name="options">How to resolve it.</param>
    /// <param name="progress">Gets snapshots.</param>
    /// <param name="destination">Where the data would go, for the snapshots.</param>
    public MetadataSession(SwarmServices services, Torrent torrent, ResolveOptions options, IProgress<TorrentDownload>? progress, string destination)
    {
        _services = services;
        _torrent = torrent;
        _link = torrent.Link ?? throw new ArgumentException("The torrent is not of a magnet link.", nameof(torrent));
        _options = options;
        _roster = new Roster<MetadataPeer>(this, services, new PeerBook(services.Options.Route.Filter), _peerId, options.MaxPeers, _stopping.Token);
        _progress = progress;
        _destination = destination;
        _time = services.Options.TimeProvider;
        _startedAt = _time.GetTimestamp();
        WireHashes = new WireHashes(torrent.InfoHash);
        Fetch = new MetadataFetch(torrent.InfoHash, Math.Min(MetadataMessage.MaxSize, MetainfoLimits.TorrentBytes));
        _loop.Faulted = Faulted;
    }

    public WireHashes WireHashes { get; }

    public EncryptionMode Encryption => _options.Encryption ?? _services.Options.Encryption;

    public PeerTransport Transport => _options.Transport ?? _services.Options.Transport;

    public bool IsSeeding => false;

    public bool IsSelf(Handshake handshake) => handshake.PeerId.SequenceEqual(_peerId);

    public bool TryReserveConnection(bool isIncoming) => _roster.TryReserve(isIncoming);

    public double Now => _time.GetElapsedTime(_startedAt).TotalSeconds;

    public int ListenPort { get; private set; }

    public int PublicPort => _services.Incoming.PublicPort(ListenPort);

    public MetadataFetch Fetch { get; }

    public bool ExchangesPeers { get; private set; }

    /// <summary>Ends when nothing of it is left to do. A run that succeeds may be over before: then it is only the trackers that are still told of the stop.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>How it is at the moment, for those who watch.</summary>
    public TorrentDownload Snapshot() => new()
    {
        Name = _torrent.Name,
        InfoHash = _torrent.InfoHash.ToString(),
        State = TorrentState.Resolving,
        Path = _destination,
        Length = _link.Length ?? 0,
        BytesWanted = _link.Length ?? 0,
        PeersConnected = Peers.Length,
        PeersSeen = _roster.Seen,
        PercentResolved = 100 * _lastShare,
        Elapsed = _time.GetElapsedTime(_startedAt),
    };

    /// <summary>Resolves the link.</summary>
    /// <param name="handsOver">Whether a download takes over what was opened; if not, all is closed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="TorrentException">Nobody has it, it took too long, or what came is no torrent.</exception>
    public Task<ResolvedTorrent> RunAsync(bool handsOver, CancellationToken cancellationToken) => _loop.RunAsync(() => ResolveAsync(handsOver, cancellationToken));

    private async Task<ResolvedTorrent> ResolveAsync(bool handsOver, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration stop = cancellationToken.Register(() => _end.TrySetCanceled(cancellationToken));
        Task clock = Task.CompletedTask;
        SwarmHandover? handover = null;
        bool isResolved = false;
        _handsOver = handsOver;
        try
        {
            _services.Connector.AddTorrent();
            ListenPort = _services.Incoming.Add(this, _options.Port);
            _progress?.Report(Snapshot());
            StartDiscovery();
            clock = RunClockAsync();
            Torrent torrent = await _end.Task;
            Log($"Received the metadata of '{torrent.Name}' after {Now:0.00} s: {torrent.InfoBytes.Length} bytes");
            if (handsOver && CanHandOver(torrent))
                handover = await HandOverAsync();
            isResolved = true;
            return new ResolvedTorrent { Torrent = torrent, StartedAt = _startedAt, Handover = handover };
        }
        finally
        {
            Ended = StopAsync(handover is not null, clock);
            // Whoever has the metadata goes on at once; whoever has not, waits for the end.
            if (!isResolved || handsOver)
                await Ended;
        }
    }

    /// <summary>
    /// Whether the download is of the same swarm. It is not when the link had only one hash of a hybrid torrent, which is looked for by both; and of a private
    /// torrent only the trackers' peers may be used, so that it starts anew with those (BEP 27).
    /// </summary>
    private bool CanHandOver(Torrent torrent) => !torrent.IsPrivate && torrent.InfoHash == _torrent.InfoHash;

    private void StartDiscovery()
    {
        foreach (IPEndPoint endPoint in _options.Peers)
            _roster.Book.Add(endPoint, PeerSource.Manual, Now);
        List<DnsEndPoint> names = AddPeersOfLink();
        _relay.Attach(() => ListenPort, () => new AnnounceStatistics(0, 0, Math.Max(_link.Length ?? 0, MetainfoLimits.BlockLength)), peers => _loop.Enqueue(_ => _roster.Add(peers), null));
        DiscoveryRequest request = _relay.Connect(new DiscoveryRequest
        {
            InfoHash = _torrent.InfoHash,
            Name = _torrent.Name,
            Trackers = _torrent.Trackers,
            PeerNames = [.. _options.PeerNames, .. names],
            OnError = _options.OnError,
            Sources = _options.Sources,
            PeerId = _peerId,
            Port = () => 0,
            PublicPort = _services.Incoming.PublicPort,
            Statistics = () => default,
            PeersFound = _ => { },
            TimeProvider = _time,
            Log = Log,
        });
        // Who seeds it in this client: no tracker names it to us, since it is where we are.
        if (request.Allows(PeerSource.LocalDiscovery) && ListenPort > 0 && _services.Incoming.HasOthers(this))
            _roster.Book.Add(new IPEndPoint(IPAddress.Loopback, ListenPort), PeerSource.LocalDiscovery, Now);
        ExchangesPeers = request.Allows(PeerSource.PeerExchange);
        _discoveries = _services.Discoveries.For(request);
        _dht = request.Allows(PeerSource.Dht) ? _services.Discoveries.Find<DhtService>() : null;
        foreach (TorrentException reason in _discoveries.Refusals)
            Log(reason.Message);
        if (_discoveries.IsEmpty && _roster.Book.Seen == 0)
            throw _discoveries.Refusals.Count > 0 && _options.Sources is not null ? _discoveries.Refusals[0] : Nobody();
        _discoveries.Start();
        _roster.ConnectMore();
    }

    public void PublicPortChanged() => _loop.Enqueue(_ =>
    {
        if (!_isStopping)
            _discoveries?.RequestMore();
    }, null);

    private async Task<SwarmHandover> HandOverAsync()
    {
        _isStopping = true;
        _relay.Detach();
        HandedOverPeer?[] left = await Task.WhenAll(Array.ConvertAll(Peers, peer => peer.LeaveAsync(s_leaveLimit, _time)));
        HandedOverPeer[] kept = [.. left.OfType<HandedOverPeer>()];
        _roster.Clear();
        return new SwarmHandover(_peerId, _roster.Book, _discoveries!, _relay, kept);
    }

    private async Task StopAsync(bool isHandedOver, Task clock)
    {
        _isStopping = true;
        await _services.Incoming.RemoveAsync(this);
        _services.Connector.RemoveTorrent();
        await _stopping.CancelAsync();
        foreach (MetadataPeer peer in Peers)
            peer.Close(PeerClose.Stopping);
        Task announced = isHandedOver ? Task.CompletedTask : _discoveries?.StopAsync() ?? Task.CompletedTask;
        await _roster.WhenDialledAsync();
        await clock;
        await announced;
        if (!isHandedOver && _discoveries is not null)
            await _discoveries.DisposeAsync();
    }

    /// <summary>To be called when it has <see cref="Ended"/>.</summary>
    public void Dispose() => _stopping.Dispose();

    private async Task RunClockAsync()
    {
        using var timer = new PeriodicTimer(s_tick, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
                Tick();
        }
        catch (OperationCanceledException)
        {
            // it ends
        }
        catch (Exception e)
        {
            Faulted(e);
        }
    }

    private void Tick()
    {
        double now = Now;
        Fetch.Expire(now);
        foreach (MetadataPeer peer in Peers)
            peer.TickSafely(now);
        MakeRoom();
        _roster.ConnectMore();
        _roster.TellBlocked();
        if (now >= _morePeersAt && Fetch.Sources < FewSources)
        {
            _morePeersAt = now + MorePeersSeconds;
            _discoveries!.RequestMore();
        }

        if (Layers is not null)
            TickLayers(now);
        double still = now - _lastProgressAt;
        if (_options.Timeout is { } timeout && now >= timeout.TotalSeconds)
            Expired(timeout);
        else if (_options.StallTimeout is { } limit && still >= limit.TotalSeconds)
            Expired(limit);
        else if (!_roster.EverConnected && _discoveries is { AnyAnswered: false, AllFailed: true } && still > Math.Min(NobodySeconds, _options.StallTimeout?.TotalSeconds ?? NobodySeconds))
            _end.TrySetException(Nobody());
        _progress?.Report(Snapshot());
    }

    public void Received(MetadataPeer peer)
    {
        double share = Share;
        if (share > _lastShare)
            _lastProgressAt = Now;
        _lastShare = share;
        while (Fetch.TakeLiar() is { Peer: { } liar })
            _roster.Ban(liar, "wrong metadata");

        if (Layers is not null)
            AskForHashes();
        else if (_whole is null && Fetch.Result is { } metadata)
            Arrived(metadata);
        else
            peer.AskForPieces();
    }

    private void Faulted(Exception fault)
    {
        Log(fault.ToString());
        _end.TrySetException(new TorrentException(TorrentErrorId.Unexpected, $"{fault.GetType().Name}: {fault.Message}", fault));
    }

    private void Expired(TimeSpan limit)
    {
        if (_whole is not null)
            DoWithout(string.Create(CultureInfo.InvariantCulture, $"peers sent {Snapshot().PercentResolved:0} % of everything within {limit.TotalSeconds:0.#} s"));
        else
            _end.TrySetException(TimedOut(limit));
    }

    private TorrentException TimedOut(TimeSpan limit)
    {
        string peers = _roster.Seen == 0 ? "no peers were found"
            : Fetch.Sources > 0 ? string.Create(CultureInfo.InvariantCulture, $"{CountText.Of(Fetch.Sources, "peer")} with it, {Snapshot().PercentResolved:0} % received")
            : _refusedSize > 0 ? string.Create(CultureInfo.InvariantCulture, $"peers report a size of {_refusedSize} bytes, more than the limit")
            : string.Create(CultureInfo.InvariantCulture, $"{CountText.Of(_roster.Seen, "peer")} known, {Peers.Length} connected, none with the metadata");
        return new TorrentException(TorrentErrorId.MetadataTimedOut, string.Create(CultureInfo.InvariantCulture,
            $"The metadata of '{_torrent.Name}' was not received within {limit.TotalSeconds:0.#} s: {peers}. Try again later, wait longer, or name a peer that has it."));
    }

    private TorrentException Nobody() => _discoveries?.Failure is { } failure
        ? failure
        : new TorrentException(TorrentErrorId.NoPeers, _options.Peers.Count + _link.Peers.Count > 0
            ? $"None of the given peers could be reached, and the magnet link of '{_torrent.Name}' names no tracker that is asked for others."
            : $"The magnet link of '{_torrent.Name}' names no tracker and no peer that is asked for the metadata. Name a peer that has it.");

    private void Log(string message) => (_options.Log ?? _services.Options.Log)?.Invoke(message);
}
