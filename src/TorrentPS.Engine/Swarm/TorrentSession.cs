using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Swarm.WebSeeds;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// The run of one torrent, from checking existing data to the result: creates the parts, and calls each in turn. Their state belongs to the torrent's <see
/// cref="SwarmLoop"/>; everything else sends it messages. This file has the course of a run; the other is the torrent as seen by its connections.
/// </summary>
internal sealed partial class TorrentSession : IAsyncDisposable
{
    private const int FewPeers = 10;

    private readonly SwarmServices _services;
    private readonly Torrent _torrent;
    private readonly DownloadOptions _options;
    private readonly TransferControl _control;
    private readonly IProgress<TorrentDownload>? _progress;
    private readonly SwarmRun _run;
    private readonly CheckReports _checked;
    private readonly byte[] _peerId;
    private readonly SwarmHandover? _handover;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Roster<PeerSession> _roster;
    private readonly SwarmDiscovery _discovery;
    private readonly AddressExchange _exchange;
    private readonly HolepunchBroker _holepunch;
    private readonly PeerPlaces _places;
    private readonly PeerBans _bans;
    private readonly TransferCounters _counters = new();
    private readonly DiskTally _diskJobs = new();
    private readonly PeerLimit _downloadLimit;
    private readonly PeerLimit _uploadLimit;

    // Created when the wanted files are known,
    private FileLayout _stored = null!;
    private WantedFiles? _wanted;
    private TransferViews _views = null!;
    private PieceProgress _pieces = null!;
    private IPieceStorage? _storage;

    // and these when the existing data is known.
    private PiecePicker _picker = null!;
    private ResumeSaver _saver = null!;
    private BlockRequests _requests = null!;
    private PieceAssembly _assembly = null!;
    private PieceNews _news = null!;
    private PieceShowing _showing = null!;
    private ServedData _served = null!;
    private HashExchange? _hashes; // null for a v1 torrent
    private PeerDownload _download = null!;
    private PeerUpload _upload = null!;
    private EndConditions _conditions = null!;
    private TransferSteering _steering = null!;
    private DataEnd _data = null!;

    private WebSeedPool? _webSeeds; // null if there are none, or they are disabled
    private SwarmClock.Ticking? _ticking;
    private bool _handedOver;
    private int _webSeedsActive; // as of the last tick
    private int _peersAtEnd;

    /// <param name="services">The services that all torrents of the client share.</param>
    /// <param name="torrent">The torrent.</param>
    /// <param name="options">The options.</param>
    /// <param name="progress">Receives snapshots.</param>
    /// <param name="control">Control of the transfer from outside; null for none.</param>
    /// <param name="resolved">The result of resolving a magnet link: its time counts, and its connections are taken over.</param>
    public TorrentSession(SwarmServices services, Torrent torrent, DownloadOptions options, IProgress<TorrentDownload>? progress, TransferControl? control = null, ResolvedTorrent? resolved = null)
    {
        (_services, _torrent, _options, _progress) = (services, torrent, options, progress);
        _control = control ?? new TransferControl(options);
        TimeProvider time = services.Options.TimeProvider;
        _run = new SwarmRun(torrent, options, time, resolved?.StartedAt ?? time.GetTimestamp(), options.Log ?? services.Options.Log, resolved?.Handover?.Loop);
        _checked = new CheckReports(time, () => _progress?.Report(Snapshot()));
        _handover = resolved?.Handover;
        _discovery = new SwarmDiscovery(services, _handover?.Discovery);
        _peerId = _handover?.PeerId ?? PeerId.Create();
        _roster = new Roster<PeerSession>(this, services, _handover?.Book ?? new PeerBook(services.Options.Route.Filter), _peerId, options.MaxPeers, _stopping.Token);
        _exchange = new AddressExchange(_run, _roster, () => PublicPort);
        _holepunch = new HolepunchBroker(_run, _roster, () => _exchange.IsOn && _services.Incoming.UtpOf(this) is not null);
        _places = new PeerPlaces(_run, _roster, services.Connector, _exchange.PriorityOf);
        _bans = new PeerBans(_roster);
        bool countsLocal = options.LimitLocalPeers || services.Options.Route.Proxy is not null;
        _downloadLimit = new PeerLimit(new RateLimiter(options.DownloadLimit, time, options.SharedDownloadLimit, services.Options.DownloadLimit), countsLocal);
        _uploadLimit = new PeerLimit(new RateLimiter(options.UploadLimit, time, options.SharedUploadLimit, services.Options.UploadLimit), countsLocal);
        Encryption = options.Encryption ?? services.Options.Encryption;
        Transport = options.Transport ?? services.Options.Transport;
        WireHashes = new WireHashes(torrent.InfoHash);
    }

    /// <summary>Runs to the end. Never throws for errors of the torrent, the peers or the disk.</summary>
    public async Task<TorrentDownload> RunAsync(CancellationToken cancellationToken)
    {
        // The ticks check a limit that is too long for a timer.
        using CancellationTokenSource timeout = _options.Timeout is { } limit && limit <= EndConditions.LongestTimer
            ? new CancellationTokenSource(_run.TimeLeft(limit), _run.Time)
            : new CancellationTokenSource();
        RunEnding ending;
        try
        {
            ending = await RunCheckedAsync(timeout.Token, cancellationToken).ConfigureAwait(false);
        }
        catch (TorrentException e)
        {
            ending = RunEnding.Failed(e);
        }
        catch (OperationCanceledException)
        {
            ending = timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested ? _run.End.TimedOut() : _run.End.Stopped();
        }
        catch (Exception e)
        {
            ending = _run.End.Fault(e);
        }

        _control.End();
        _run.State = ending.State;
        TorrentDownload result = Snapshot() with { Error = ending.Error, ErrorId = ending.ErrorId };
        double seconds = Math.Max(result.Elapsed.TotalSeconds, 0.001);
        return result with { DownloadRate = (long)(result.Downloaded / seconds), UploadRate = (long)(result.Uploaded / seconds) };
    }

    private async Task<RunEnding> RunCheckedAsync(CancellationToken timeout, CancellationToken cancellationToken)
    {
        bool[] wanted = FileSelection.Select(_torrent, _options.Include, _options.Exclude);
        _stored = new FileLayout(_torrent, wanted);
        _wanted = new WantedFiles(_torrent, wanted);
        _pieces = new PieceProgress(_torrent, _wanted);
        _views = new TransferViews(_run, _wanted, _roster);
        _control.SetViews(_views);
        PieceHashes hashes = new(_torrent, PieceLayers.Of(_torrent));
        StorageRequest request = _run.StorageOf(_stored, hashes.Layers, _services.Options.StateFolder);
        using IPieceStorage storage = _services.Options.OpenStorage?.Invoke(request) ?? new DiskStorage(request);
        _storage = storage;
        _progress?.Report(Snapshot());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout, cancellationToken);
        Bitfield have = await Task.Run(() => storage.CheckAsync(PieceChecked, either.Token), either.Token).ConfigureAwait(false);
        Assemble(new PieceDisk(storage, hashes, _services.Disk, _diskJobs, _services.Pool), wanted, have);
        _pieces.Count(have);
        if (_picker.Missing == 0)
            _run.Completed = (_run.Elapsed, _run.Time.GetUtcNow());
        if (_options.SeedOnly && _picker.Missing > 0)
            return new RunEnding(TorrentState.Failed, TorrentErrorId.DataMismatch, storage.DescribeFaults(have));
        _data = new DataEnd(_run, storage, _picker, _pieces, _served);
        if (_picker.Missing == 0 && !_run.IsSeedingWanted)
            return await _data.FinishAsync(RunEnding.Completed).ConfigureAwait(false);
        _run.State = _picker.Missing == 0 ? TorrentState.Seeding : TorrentState.Downloading;
        return await _run.Loop.RunAsync(() => SwarmAsync(timeout, cancellationToken)).ConfigureAwait(false);

        void PieceChecked(int done, int all)
        {
            _checked.Checked(done, all);
            _control.HoldWhilePaused(either.Token);
        }
    }

    /// <summary>Creates the parts that depend on the existing data.</summary>
    private void Assemble(PieceDisk disk, bool[] wanted, Bitfield have)
    {
        SegmentPool pool = _services.Pool;
        PieceLayers? layers = disk.Hashes.Layers;
        // A piece with an unknown hash cannot be verified yet. In a hybrid torrent it can, by its v1 hash.
        Func<int, bool>? isWithheld = _torrent.Version == TorrentVersion.V2 ? piece => !layers!.IsKnown(piece) : null;
        _picker = new PiecePicker(_torrent, pool, _stored.WantedPieces, have, _options.Sequential, isWithheld: isWithheld, urgent: _options.Sequential ? HeadsAndTails.Of(_torrent, wanted) : null);
        _views.SetPicker(_picker);
        _saver = new ResumeSaver(_run, disk.Storage, have);
        _requests = new BlockRequests(_run, _roster, _picker, pool, _downloadLimit, _counters);
        PieceRepair repair = new(_run, _roster, _picker, _requests, _counters, _bans);
        if (layers is not null)
            repair.Hashes = _hashes = new HashExchange(_run, _roster, _picker, _wanted!, disk, _bans, _saver) { Repair = repair };
        _assembly = new PieceAssembly(_run, _picker, disk, _requests, _counters, repair, _bans) { Verified = PieceVerified };
        _news = new PieceNews(_run, _roster);
        _showing = new PieceShowing(_run, _roster, _picker);
        _served = new ServedData(_run, _roster, _picker, _stored, disk, _pieces, _requests, _saver);
        _download = new PeerDownload(_run, _roster, _picker, pool, _downloadLimit, _counters, _requests, _assembly) { Hashes = _hashes, Showing = _showing };
        _upload = new PeerUpload(_run, _roster, _uploadLimit, _counters, _picker, disk, _showing, _served);
        _conditions = new EndConditions(_run, _roster, _picker, _counters, _wanted!);
        _steering = new TransferSteering(_run, _control, _roster, _picker, _wanted!, _stopping.Token)
        {
            Stored = _stored,
            Storage = disk.Storage,
            Requests = _requests,
            Hashes = _hashes,
            Upload = _upload,
            DownloadLimiter = _downloadLimit.Limiter,
            UploadLimiter = _uploadLimit.Limiter,
            Conditions = _conditions,
            Counters = _counters,
            WantedChanged = WantedChanged,
        };
    }

    private async Task<RunEnding> SwarmAsync(CancellationToken timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration stop = cancellationToken.Register(() => _run.End.Set(_run.End.Stopped()));
        using CancellationTokenRegistration late = timeout.Register(() => _run.End.Set(_run.End.TimedOut()));
        using SwarmClock.Ticking ticking = _ticking = _services.Clock.Start(_run.Loop, Tick);
        _steering.Begin();
        if (!await _steering.WaitWhilePausedAsync())
            return await StopAsync(await _run.End.Ending);
        _run.LastProgressAt = _run.Now;
        try
        {
            _roster.Book.IsSeeding = _run.IsComplete;
            _services.Connector.AddTorrent();
            ListenPort = _services.Incoming.Add(this, _options.Port);
            if (_options.SuperSeed && _run.IsComplete)
                _showing.Begin();
            StartWebSeeds();
            StartDiscovery();
            _run.IsUnderWay = true;
            return await StopAsync(await _run.End.Ending);
        }
        finally
        {
            await _stopping.CancelAsync();
            await _steering.EndAsync();
            await _services.Incoming.RemoveAsync(this);
            _services.Connector.RemoveTorrent();
        }
    }

    private void StartWebSeeds()
    {
        WebSeed[] seeds = _run.IsComplete ? [] : [.. WebSeed.Of(_torrent, _options.WebSeeds, _options.UseWebSeeds)];
        if (seeds.Length == 0)
            return;
        WebSeedSwarm swarm = new(_run, _picker, _services.Pool, _downloadLimit.Limiter, _services.Http, _counters, _requests, _assembly);
        _webSeeds = _requests.WebSeeds = _bans.WebSeeds = _conditions.WebSeeds = new WebSeedPool(swarm, seeds, _run.Now + _options.WebSeedDelay.TotalSeconds, _stopping.Token);
    }

    private void StartDiscovery()
    {
        _discovery.Prepare(Request(), _options.Peers, _roster, this);
        _exchange.IsOn = _discovery.ExchangesPeers;
        _conditions.Discoveries = _discovery.Sources;
        if (_handover is not null)
            TakeOver(_handover);
        else if (_discovery.Sources is { IsEmpty: true, Refusals: [var refusal, ..] } && _webSeeds is null && _options is { Sources: not null, Peers.Count: 0, SeedOnly: false })
            throw refusal;
        _discovery.Start();
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
        PeersFound = peers => _run.Loop.Enqueue(_ => _roster.Add(peers), null),
        TimeProvider = _run.Time,
        Log = _run.Log,
    };

    /// <summary>Takes over from the session that found the metadata: its connections and addresses, and trackers that already know us.</summary>
    private void TakeOver(SwarmHandover handover)
    {
        foreach (HandedOverPeer peer in handover.Peers)
            _roster.TakeOver(new PeerSession(this, peer.Connection, _torrent.PieceCount), peer.Candidate);
        _handedOver = true;
    }

    private AnnounceStatistics Statistics() => new(_counters.Uploaded, _counters.Downloaded, _pieces.BytesLeft, IsPartialSeed: _run.IsComplete && _pieces.BytesLeft > 0);

    /// <summary>Periodic work.</summary>
    private void Tick()
    {
        if (_run.IsStopping)
            return;
        double now = _run.Now;
        bool isIdle = _counters.Tick(now);
        _webSeedsActive = _webSeeds?.ActiveCount ?? 0;
        if (_run.IsPaused || !_run.IsUnderWay)
            isIdle = true;
        else
            TickUnderWay(now);
        if (!_run.IsComplete)
            _saver.Tick(now);
        _conditions.Tick(now);
        _progress?.Report(Snapshot());
        _ticking!.IsIdle = isIdle && (_run.IsComplete || _run.IsPaused) && _roster.Connecting == 0;
    }

    private void TickUnderWay(double now)
    {
        _requests.BeginTick();
        _roster.ForEach((_download, now), static (tick, peer) => tick._download.Tick(peer, tick.now));
        _upload.Tick(now);
        _hashes?.Tick(now);
        _showing.Tick(now);
        _webSeeds?.Tick();
        _served.Tick(now);
        _places.Tick(now);
        _roster.ConnectMore();
        _roster.TellBlocked();
        _exchange.Tick(now);
        if (!_run.IsComplete)
            TickDownload(now);
    }

    private void TickDownload(double now)
    {
        _requests.FreeMemory();
        _discovery.Tick(now, Peers.Length < FewPeers);
    }

    private void PieceVerified(int piece)
    {
        _pieces.Verified(piece, _picker.Have);
        _saver.IsDirty = true;
        _news.Got(piece);
        if (_picker.Missing == 0)
            Completed();
        else
            _requests.PieceFreed();
    }

    /// <summary>Other files are wanted than before: no piece may be missing any more, or one may although all were complete.</summary>
    private void WantedChanged(IReadOnlyCollection<int> found)
    {
        _pieces.Count(_picker.Have);
        _saver.IsDirty = true;
        foreach (int piece in found)
            _news.Got(piece);
        if (_picker.Missing == 0 && !_run.IsComplete)
        {
            Completed();
            return;
        }

        if (_picker.Missing > 0 && _run.IsComplete)
            Reopened();
        _roster.ForEach(this, static (self, peer) => self._download.OffersChanged(peer));
        _webSeeds?.Pulse();
    }

    /// <summary>More is wanted after all was complete.</summary>
    private void Reopened()
    {
        _run.Completed = null;
        _run.State = TorrentState.Downloading;
        _run.LastProgressAt = _run.Now;
        _roster.Book.Reopen(_run.Now);
        if (_webSeeds is null && _run.IsUnderWay)
            StartWebSeeds();
        _roster.ConnectMore();
    }

    private void Completed()
    {
        _run.Completed = (_run.Elapsed, _run.Time.GetUtcNow());
        _run.State = TorrentState.Seeding;
        _conditions.Completed(_run.Now);
        _roster.Book.IsSeeding = true;
        _discovery.Sources?.Completed();
        if (!_run.IsSeedingWanted && !_conditions.IsStayNeeded(_run.Now))
        {
            _run.End.Set(RunEnding.Completed);
            return;
        }

        if (!_run.IsSeedingWanted)
            _run.Log("Complete; stays while peers need pieces that no other has");
        _roster.ForEach(0, static (_, peer) =>
        {
            if (peer.IsSeed)
                peer.Close(PeerClose.NothingToDo);
            else
                peer.TellUploadOnly();
        });
    }

    /// <summary>Stops everything in an order that loses nothing: no new data, received data is written, then the resume file, while the trackers are notified.</summary>
    private async Task<RunEnding> StopAsync(RunEnding ending)
    {
        _run.IsStopping = true;
        _peersAtEnd = Peers.Length;
        _counters.Rest();
        _webSeedsActive = 0;
        await _stopping.CancelAsync();
        Task steered = _steering.EndAsync();
        _news.Dispose();
        foreach (PeerSession peer in Peers)
            peer.Close(PeerClose.Stopping);
        if (_webSeeds is not null)
            await _webSeeds.EndAsync();
        _picker.AbandonAll();
        _served.End();
        Task announced = _discovery.StopAsync();
        await _roster.WhenDialledAsync();
        await _diskJobs.WhenEmptyAsync();
        await Task.Yield(); // the reports of the last jobs come first
        await _saver.Saving;
        await steered;
        if (_picker.Missing == 0 && ending.State != TorrentState.Failed)
            ending = RunEnding.Completed; // completed by the last writes
        ending = await _data.FinishAsync(ending);
        await announced;
        return ending;
    }

    /// <summary>A snapshot of the transfer. From any thread.</summary>
    public TorrentDownload Snapshot()
    {
        TorrentState state = _run.State;
        return new TorrentDownload
        {
            Name = _torrent.Name,
            InfoHash = _torrent.InfoHash.ToString(),
            State = _control.IsPaused && state is (TorrentState.Checking or TorrentState.Downloading or TorrentState.Seeding) ? TorrentState.Paused : state,
            Path = _storage?.DataPath ?? _options.Destination,
            Length = _torrent.Length,
            BytesWanted = _wanted?.Layout.BytesWanted ?? _torrent.Length,
            BytesCompleted = _pieces?.BytesCompleted ?? 0,
            ContiguousBytes = _pieces?.ContiguousBytes ?? 0,
            BytesReused = _storage?.BytesReused ?? 0,
            Downloaded = _counters.Downloaded,
            Uploaded = _counters.Uploaded,
            Wasted = _counters.Wasted,
            DownloadRate = _counters.DownloadRate,
            UploadRate = _counters.UploadRate,
            PeersConnected = _run.IsStopping ? _peersAtEnd : Peers.Length,
            WebSeedsActive = _webSeedsActive,
            PeersSeen = _roster.Seen,
            Elapsed = _run is { IsSeedingWanted: false, Completed: { } completed } ? completed.Elapsed : _run.Elapsed,
            CompletedAt = _run.Completed?.At,
            PercentChecked = _checked.Percent,
        };
    }

    public async ValueTask DisposeAsync()
    {
        if (_handover is not null && !_handedOver)
            await AbandonAsync(_handover).ConfigureAwait(false);
        await _discovery.DisposeAsync().ConfigureAwait(false);
        _news?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Closes what was not taken over, because the download ended before it needed peers.</summary>
    private async Task AbandonAsync(SwarmHandover handover)
    {
        await handover.CloseAsync(_services.Connector).ConfigureAwait(false);
        await _discovery.StopAsync().ConfigureAwait(false);
    }
}
