using System.Net;
using System.Numerics;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// One torrent in motion, from checking what is on disk to the result. Its state (picker, peers, choker) belongs to its <see cref="SwarmLoop"/>;
/// everything else sends it messages. This part is the course of a run; the others are its peers, its pieces and its clock.
/// </summary>
internal sealed partial class TorrentSession : ISwarm, IPeerDownload, IPeerUpload, IPeerOwner, IHashExchange, IPeerExchange, IHolepunchBroker, IServedData, IRosterOwner<PeerSession>, IAsyncDisposable
{
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromDays(40);

    /// <summary>Bytes of receive buffers that all peers have together, while they are not too many for that.</summary>
    private const int ReceiveBuffers = 8 << 20;

    private const int MaxUploadSlots = 16;

    private readonly SwarmServices _services;
    private readonly Torrent _torrent;
    private readonly DownloadOptions _options;
    private readonly IProgress<TorrentDownload>? _progress;
    private readonly TimeProvider _time;
    private readonly SwarmLoop _loop = new();
    private readonly long _startedAt;
    private readonly byte[] _peerId;
    private readonly SwarmHandover? _handover;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<Ending> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FileLayout _layout = null!;
    private PieceLayers? _layers; // null for a v1 torrent
    private IPieceStorage? _storage;
    private PieceDisk _disk = null!;
    private PiecePicker _picker = null!;
    private PeerDiscoveries? _discoveries;
    private DhtService? _dht; // null when this torrent has nothing to do with it
    private volatile TorrentState _state = TorrentState.Checking;
    private long _bytesCompleted;
    private long _contiguousBytes;
    private int _firstGap; // the first wanted piece that is not there
    private long _bytesLeft; // of the whole torrent, by whole pieces
    private double _percentChecked;
    private bool _isStopping;
    private bool _handedOver;
    private int _peersAtEnd;

    /// <param name="services">What all torrents of the client share.</param>
    /// <param name="torrent">The torrent.</param>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Gets snapshots.</param>
    /// <param name="resolved">Where its metadata came from, when it came from peers: its time counts, and what was opened is taken over.</param>
    public TorrentSession(SwarmServices services, Torrent torrent, DownloadOptions options, IProgress<TorrentDownload>? progress, ResolvedTorrent? resolved = null)
    {
        _services = services;
        _torrent = torrent;
        _handover = resolved?.Handover;
        _peerId = _handover?.PeerId ?? PeerId.Create();
        _roster = new Roster<PeerSession>(this, services, _handover?.Book ?? new PeerBook(services.Options.Route.Filter), _peerId, options.MaxPeers, _stopping.Token);
        _options = options;
        _progress = progress;
        _time = services.Options.TimeProvider;
        _startedAt = resolved?.StartedAt ?? _time.GetTimestamp();
        DownloadLimiter = new RateLimiter(options.DownloadLimit, _time, options.SharedDownloadLimit, services.Options.DownloadLimit);
        UploadLimiter = new RateLimiter(options.UploadLimit, _time, options.SharedUploadLimit, services.Options.UploadLimit);
        _choker = new Choker(UploadSlots(options));
        Encryption = options.Encryption ?? services.Options.Encryption;
        Transport = options.Transport ?? services.Options.Transport;
        WireHashes = new WireHashes(torrent.InfoHash);
        _loop.Faulted = Faulted;
    }

    /// <summary>How a run ends.</summary>
    private sealed record Ending(TorrentState State, TorrentErrorId? ErrorId = null, string? Error = null);

    /// <summary>What it goes by in handshakes.</summary>
    public WireHashes WireHashes { get; }

    public double Now => _time.GetElapsedTime(_startedAt).TotalSeconds;

    Torrent ISwarm.Torrent => _torrent;

    public PiecePicker Picker => _picker;

    IPeerDownload ISwarm.Download => this;

    IPeerUpload ISwarm.Upload => this;

    IPeerOwner ISwarm.Owner => this;

    IHashExchange? ISwarm.Hashes => HashSupply is null ? null : this;

    IPeerExchange? ISwarm.Exchange => ExchangesPeers ? this : null;

    IHolepunchBroker? ISwarm.Holepunch => PunchesHoles ? this : null;

    BlockReader IPeerUpload.CreateReader() => new(_disk);

    private DiskTally DiskJobs { get; } = new();

    public SegmentPool Pool => _services.Pool;

    public int ReceiveBufferLength =>
        (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)(ReceiveBuffers / Math.Max(Peers.Length, 1)) + 1) / 2, PeerSession.LargeBuffer / 8, PeerSession.LargeBuffer);

    public RateLimiter DownloadLimiter { get; }

    public RateLimiter UploadLimiter { get; }

    public int ListenPort { get; private set; }

    public int PublicPort => _services.Incoming.PublicPort(ListenPort);

    public int DhtPort => _dht?.Port ?? 0;

    /// <summary>Which connections it takes and makes.</summary>
    public EncryptionMode Encryption { get; }

    /// <summary>What they go over.</summary>
    public PeerTransport Transport { get; }

    /// <summary>Whether everything wanted is there. From any thread.</summary>
    public bool IsSeeding => _state == TorrentState.Seeding;

    private bool IsSeedingWanted => _options is { SeedOnly: true } or { SeedRatio: not null } or { SeedTime: not null };

    /// <summary>Slots by what the uplink carries: below 16 KiB/s each, nobody is served well.</summary>
    private static int UploadSlots(DownloadOptions options)
    {
        long limit = options.UploadLimit;
        if (options.SharedUploadLimit is { IsLimited: true } shared && (limit == 0 || shared.BytesPerSecond < limit))
            limit = shared.BytesPerSecond;
        return limit == 0 ? MaxUploadSlots : (int)Math.Clamp(limit / (16 * 1024), 2, MaxUploadSlots);
    }

    /// <summary>Whether a handshake is our own. From any thread.</summary>
    public bool IsSelf(Handshake handshake) => handshake.PeerId.SequenceEqual(_peerId);

    /// <summary>Does the whole job. Never throws for what the torrent, the peers or the disk do.</summary>
    public async Task<TorrentDownload> RunAsync(CancellationToken cancellationToken)
    {
        // A limit too long for a timer is seen to by the clock.
        using CancellationTokenSource timeout = _options.Timeout is { } limit && limit <= s_longestTimer ? new CancellationTokenSource(TimeLeft(limit), _time) : new CancellationTokenSource();
        Ending ending;
        try
        {
            ending = await RunCheckedAsync(timeout.Token, cancellationToken).ConfigureAwait(false);
        }
        catch (TorrentException e)
        {
            ending = new Ending(TorrentState.Failed, e.ErrorId, e.Message);
        }
        catch (OperationCanceledException)
        {
            ending = timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested ? TimedOut() : Stopped();
        }
        catch (Exception e)
        {
            ending = Fault(e);
        }

        _state = ending.State;
        TorrentDownload result = Snapshot() with { Error = ending.Error, ErrorId = ending.ErrorId };
        double seconds = Math.Max(result.Elapsed.TotalSeconds, 0.001);
        return result with { DownloadRate = (long)(result.Downloaded / seconds), UploadRate = (long)(result.Uploaded / seconds) };
    }

    /// <summary>What resolving the magnet link left of a limit.</summary>
    private TimeSpan TimeLeft(TimeSpan limit) => TimeSpan.FromTicks(Math.Max(0, (limit - _time.GetElapsedTime(_startedAt)).Ticks));

    private async Task<Ending> RunCheckedAsync(CancellationToken timeout, CancellationToken cancellationToken)
    {
        bool[] wanted = FileSelection.Select(_torrent, _options.Include, _options.Exclude);
        _layout = new FileLayout(_torrent, wanted);
        _layers = PieceLayers.Of(_torrent);
        using IPieceStorage storage = OpenStorage();
        _storage = storage;
        _disk = new PieceDisk(storage, new PieceHashes(_torrent, _layers), _services.Disk, DiskJobs, Pool);
        _progress?.Report(Snapshot());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout, cancellationToken);
        Bitfield have = await Task.Run(() => storage.CheckAsync(ReportChecked, either.Token), either.Token).ConfigureAwait(false);
        _isResumeDirty = storage.BytesReused > 0;
        PrepareHashes();
        _picker = new PiecePicker(_torrent, Pool, _layout.WantedPieces, have, _options.Sequential, isWithheld: IsWithheld, urgent: _options.Sequential ? HeadsAndTails.Of(_torrent, wanted) : null);
        CountCompleted(have);
        if (_options.SeedOnly && _picker.Missing > 0)
            return new Ending(TorrentState.Failed, TorrentErrorId.DataMismatch, storage.DescribeFaults(have));
        if (_picker.Missing == 0 && !IsSeedingWanted)
            return await FinishAsync(new Ending(TorrentState.Completed)).ConfigureAwait(false);
        _state = _picker.Missing == 0 ? TorrentState.Seeding : TorrentState.Downloading;
        return await _loop.RunAsync(() => SwarmAsync(timeout, cancellationToken)).ConfigureAwait(false);
    }

    private IPieceStorage OpenStorage()
    {
        StorageRequest request = new(_torrent, _layout, _layers)
        {
            Destination = _options.Destination,
            SeedOnly = _options.SeedOnly,
            Recheck = _options.Recheck,
            Overwrite = _options.Overwrite,
            ReuseFrom = _options.ReuseFrom,
            ReuseSimilar = _options.ReuseSimilar,
            StateFolder = _services.Options.StateFolder,
            TimeProvider = _time,
            Log = Log,
        };
        return _services.Options.OpenStorage?.Invoke(request) ?? new DiskStorage(request);
    }

    private async Task<Ending> SwarmAsync(CancellationToken timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration stop = cancellationToken.Register(() => _end.TrySetResult(Stopped()));
        using CancellationTokenRegistration late = timeout.Register(() => _end.TrySetResult(TimedOut()));
        _lastProgressAt = Now;
        try
        {
            _roster.Book.IsSeeding = IsComplete;
            _services.Connector.AddTorrent();
            ListenPort = _services.Incoming.Add(this, _options.Port);
            if (_options.SuperSeed && IsComplete)
                SuperSeeding = new SuperSeeding(_torrent.PieceCount);
            if (_disk.Storage.Changes is { } files)
                _watch = new DataWatch(_torrent, files, _layout, _disk.Queue, DiskJobs, this);
            StartWebSeeds();
            StartDiscovery();
            using (_ticking = _services.Clock.Start(_loop, Tick))
            {
                Ending ending = await _end.Task;
                return await StopAsync(ending);
            }
        }
        finally
        {
            await _services.Incoming.RemoveAsync(this);
            _services.Connector.RemoveTorrent();
        }
    }

    private void StartDiscovery()
    {
        foreach (IPEndPoint endPoint in _options.Peers)
            _roster.Book.Add(endPoint, PeerSource.Manual, Now);
        DiscoveryRequest request = Request();
        // The same torrent once more in this client: no tracker names it to us, since it is where we are.
        if (request.Allows(PeerSource.LocalDiscovery) && ListenPort > 0 && _services.Incoming.HasOthers(this))
            _roster.Book.Add(new IPEndPoint(IPAddress.Loopback, ListenPort), PeerSource.LocalDiscovery, Now);
        ExchangesPeers = request.Allows(PeerSource.PeerExchange);
        _dht = request.Allows(PeerSource.Dht) ? _services.Discoveries.Find<DhtService>() : null;
        if (_handover is not null)
            TakeOver(_handover);
        else
            Discover(request);
        _roster.ConnectMore();
    }

    private DiscoveryRequest Request() => new()
    {
        InfoHash = _torrent.InfoHash,
        Name = _torrent.Name,
        Trackers = _torrent.Trackers,
        Nodes = _torrent.Nodes,
        IsPrivate = _torrent.IsPrivate,
        PeerNames = _options.PeerNames,
        Sources = _options.Sources,
        OnError = _options.OnError,
        PeerId = _peerId,
        Port = () => ListenPort,
        PublicPort = _services.Incoming.PublicPort,
        Statistics = Statistics,
        PeersFound = peers => _loop.Enqueue(_ => _roster.Add(peers), null),
        TimeProvider = _time,
        Log = Log,
    };

    private void Discover(DiscoveryRequest request)
    {
        _discoveries = _services.Discoveries.For(request);
        foreach (TorrentException reason in _discoveries.Refusals)
            Log(reason.Message);
        if (_discoveries.IsEmpty && _webSeeds is null && _options is { Sources: not null, Peers.Count: 0, SeedOnly: false } && _discoveries.Refusals.Count > 0)
            throw _discoveries.Refusals[0];
        _discoveries.Start();
    }

    /// <summary>Goes on with what found the metadata: the same connections, the same addresses, and trackers that know us already.</summary>
    private void TakeOver(SwarmHandover handover)
    {
        _discoveries = handover.Discoveries;
        handover.Relay.Attach(() => ListenPort, Statistics, peers => _loop.Enqueue(_ => _roster.Add(peers), null));
        foreach (HandedOverPeer peer in handover.Peers)
        {
            if (!_roster.Join(peer.Stream, peer.Handshake, peer.Candidate) && peer.Candidate is { } candidate)
                _roster.Book.PutOff(candidate, Now);
        }

        _handedOver = true;
    }

    public void PublicPortChanged() => _loop.Enqueue(_ =>
    {
        if (!_isStopping)
            _discoveries?.RequestMore();
    }, null);

    private AnnounceStatistics Statistics() =>
        new(Volatile.Read(ref _uploaded), Volatile.Read(ref _downloaded), Volatile.Read(ref _bytesLeft), IsPartialSeed: IsComplete && Volatile.Read(ref _bytesLeft) > 0);

    /// <summary>Ends everything in an order that loses nothing: no new data, what is received is written, then the resume file, and the trackers are told meanwhile.</summary>
    private async Task<Ending> StopAsync(Ending ending)
    {
        _isStopping = true;
        _peersAtEnd = Peers.Length;
        await _stopping.CancelAsync();
        _haveTimer?.Dispose();
        foreach (PeerSession peer in Peers)
            peer.Close(PeerClose.Stopping);
        if (_webSeeds is not null)
            await _webSeeds.EndAsync();
        _picker.AbandonAll();
        _watch?.End();
        Task announced = _discoveries?.StopAsync() ?? Task.CompletedTask;
        await _roster.WhenDialledAsync();
        await DiskJobs.WhenEmptyAsync();
        await Task.Yield(); // what the last jobs reported comes first
        await _savingResume;
        if (_picker.Missing == 0 && ending.State != TorrentState.Failed)
            ending = new Ending(TorrentState.Completed); // by what was still being written
        ending = await FinishAsync(ending);
        await announced;
        return ending;
    }

    private bool IsComplete => _state == TorrentState.Seeding;

    private void StorageFailed(TorrentException failure) => _end.TrySetResult(new Ending(TorrentState.Failed, failure.ErrorId, failure.Message));

    private void Faulted(Exception fault) => _end.TrySetResult(Fault(fault));

    private Ending Fault(Exception fault)
    {
        Log(fault.ToString());
        return new Ending(TorrentState.Failed, TorrentErrorId.Unexpected, $"{fault.GetType().Name}: {fault.Message}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_handover is not null && !_handedOver)
            await AbandonAsync(_handover).ConfigureAwait(false);
        if (_discoveries is not null)
            await _discoveries.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>Closes what nobody took over, since the download ended before it needed peers.</summary>
    private async Task AbandonAsync(SwarmHandover handover)
    {
        foreach (HandedOverPeer peer in handover.Peers)
        {
            peer.Stream.Dispose();
            _services.Connector.Release();
        }

        await handover.Discoveries.StopAsync().ConfigureAwait(false);
        await handover.Discoveries.DisposeAsync().ConfigureAwait(false);
    }

    private void Log(string message) => (_options.Log ?? _services.Options.Log)?.Invoke(message);
}
