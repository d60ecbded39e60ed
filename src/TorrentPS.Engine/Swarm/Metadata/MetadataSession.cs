using System.Globalization;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// Gets the metadata of a magnet link from peers (BEP 9), from the search to the result. Its state belongs to its <see cref="SwarmLoop"/>. Connections, discovery sources
/// and addresses are handed over to the download, if there is one.
/// </summary>
internal sealed class MetadataSession : IDisposable
{
    /// <summary>The time after which trackers that have never answered end the session, if no peer is known, in seconds.</summary>
    private const double NoPeersSeconds = 30;

    private readonly SwarmServices _services;
    private readonly Torrent _torrent;
    private readonly MagnetLink _link;
    private readonly ResolveOptions _options;
    private readonly IProgress<TorrentDownload>? _progress;
    private readonly string _destination;
    private readonly SwarmLoop _loop = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<Torrent> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Torrent? _whole; // set when the metadata is complete
    private double _lastProgressAt;
    private double _lastShare;
    private bool _handsOver;

    /// <param name="services">The services that all torrents of the client share.</param>
    /// <param name="torrent">The contents of the link.</param>
    /// <param name="options">The options.</param>
    /// <param name="progress">Receives snapshots.</param>
    /// <param name="destination">The destination of the data, for the snapshots.</param>
    /// <param name="startedAt">The start of the whole run, if this continues it after a pause, as a timestamp of the clock; null for now.</param>
    public MetadataSession(SwarmServices services, Torrent torrent, ResolveOptions options, IProgress<TorrentDownload>? progress, string destination, long? startedAt = null)
    {
        (_services, _torrent, _options, _progress, _destination) = (services, torrent, options, progress, destination);
        _link = torrent.Link ?? throw new ArgumentException("The torrent is not of a magnet link.", nameof(torrent));
        Swarm = new LinkSwarm(services, torrent, options, _loop, Received, startedAt, _stopping.Token);
        _loop.Faulted = Faulted;
    }

    /// <summary>The peers and their data.</summary>
    public LinkSwarm Swarm { get; }

    /// <summary>Completes when all work is done. A successful run may return earlier, while trackers are still notified of the stop.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    private MetadataPeer[] Peers => Swarm.Roster.Peers;

    /// <summary>The current state.</summary>
    public TorrentDownload Snapshot() => new()
    {
        Name = _torrent.Name,
        InfoHash = _torrent.InfoHash.ToString(),
        State = TorrentState.Resolving,
        Path = _destination,
        Length = _link.Length ?? 0,
        BytesWanted = _link.Length ?? 0,
        PeersConnected = Peers.Length,
        PeersSeen = Swarm.Roster.Seen,
        PercentResolved = 100 * _lastShare,
        Elapsed = Swarm.Elapsed,
    };

    /// <summary>Resolves the link.</summary>
    /// <param name="handsOver">Whether a download takes over what was opened; otherwise everything is closed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TorrentException">No peer has the metadata, the time limit passed, or the metadata is not a torrent.</exception>
    public Task<ResolvedTorrent> RunAsync(bool handsOver, CancellationToken cancellationToken) => _loop.RunAsync(() => ResolveAsync(handsOver, cancellationToken));

    private async Task<ResolvedTorrent> ResolveAsync(bool handsOver, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration stop = cancellationToken.Register(() => _end.TrySetCanceled(cancellationToken));
        SwarmHandover? handover = null;
        bool isResolved = false;
        _handsOver = handsOver;
        try
        {
            Begin();
            Torrent torrent;
            using (_services.Clock.Start(_loop, Tick))
                torrent = await _end.Task;
            Swarm.Log($"Received the metadata of '{torrent.Name}' after {Swarm.Now:0.00} s: {torrent.InfoBytes.Length} bytes");
            if (handsOver && CanHandOver(torrent))
                handover = Swarm.HandOver();
            isResolved = true;
            return new ResolvedTorrent { Torrent = torrent, StartedAt = Swarm.StartedAt, Handover = handover };
        }
        finally
        {
            Ended = StopAsync(handover is not null);
            // With the metadata, the caller continues at once; without, it waits for the end.
            if (!isResolved || handsOver)
                await Ended;
        }
    }

    /// <summary>
    /// Whether the download can take over the swarm. It cannot if the link had only one hash of a hybrid torrent, whose peers are searched for by both; and for a private
    /// torrent only the trackers' peers may be used, so that it starts anew (BEP 27).
    /// </summary>
    private bool CanHandOver(Torrent torrent) => !torrent.IsPrivate && torrent.InfoHash == _torrent.InfoHash;

    private void Begin()
    {
        Swarm.Open();
        _lastProgressAt = Swarm.Now;
        _progress?.Report(Snapshot());
        if (Swarm.Discovery.Sources is { IsEmpty: true, Refusals: var refusals } && Swarm.Roster.Book.Seen == 0)
            throw refusals.Count > 0 && _options.Sources is not null ? refusals[0] : NoPeers();
        Swarm.Discovery.Start();
        Swarm.Roster.ConnectMore();
    }

    private async Task StopAsync(bool isHandedOver)
    {
        await Swarm.CloseAsync();
        await _stopping.CancelAsync();
        foreach (MetadataPeer peer in Peers)
            peer.Close(PeerClose.Stopping);
        Task announced = isHandedOver ? Task.CompletedTask : Swarm.Discovery.StopAsync();
        await Swarm.Roster.WhenDialledAsync();
        await announced;
        if (!isHandedOver)
            await Swarm.Discovery.DisposeAsync();
    }

    /// <summary>Call this after <see cref="Ended"/>.</summary>
    public void Dispose() => _stopping.Dispose();

    private void Tick()
    {
        double now = Swarm.Now;
        Swarm.Tick(now);
        if (Swarm.Search is { } layers)
        {
            Ask(layers);
            if (layers.Tick(now) is { } why)
                DoWithout(why);
        }

        double still = now - _lastProgressAt;
        if (_options.Timeout is { } timeout && now >= timeout.TotalSeconds)
            Expired(timeout);
        else if (_options.StallTimeout is { } limit && still >= limit.TotalSeconds)
            Expired(limit);
        else if (!Swarm.Roster.EverConnected && Swarm.Discovery.IsHopeless && still > Math.Min(NoPeersSeconds, _options.StallTimeout?.TotalSeconds ?? NoPeersSeconds))
            _end.TrySetException(NoPeers());
        _progress?.Report(Snapshot());
    }

    /// <summary>A peer's received bytes are processed.</summary>
    private void Received(MetadataPeer peer)
    {
        double share = Swarm.Search?.Share ?? Swarm.Fetch.Progress;
        if (share > _lastShare)
            Progressed();
        _lastShare = share;
        while (Swarm.Fetch.TakeLiar() is { Peer: { } liar })
            Swarm.Roster.Ban(liar, "wrong metadata");

        if (Swarm.Search is { } layers)
            Ask(layers);
        else if (_whole is null && Swarm.Fetch.Result is { } metadata)
            Arrived(metadata);
        else
            peer.Ask();
    }

    private void Progressed()
    {
        _lastProgressAt = Swarm.Now;
        Swarm.Search?.Progressed(Swarm.Now);
    }

    /// <summary>The metadata is complete and correct: later errors are not the fault of the peer that sent the last piece.</summary>
    private void Arrived(byte[] metadata)
    {
        try
        {
            _whole = Torrent.ParseInfo(metadata, _link);
            if (_handsOver || _whole.PieceRoots is null)
                _end.TrySetResult(_whole);
            else
                BeginLayers(_whole);
        }
        catch (TorrentException e)
        {
            _end.TrySetException(e);
        }
        catch (Exception e)
        {
            Faulted(e);
        }
    }

    private void BeginLayers(Torrent torrent)
    {
        LayerSearch layers = Swarm.Search = new LayerSearch(torrent, Swarm.Roster, Swarm.Now);
        string? why = layers.Begin(Swarm.WireHashes);
        (_lastShare, _lastProgressAt) = (layers.Share, Swarm.Now);
        if (why is null)
            Ask(layers);
        else
            DoWithout(why);
    }

    private void Ask(LayerSearch layers)
    {
        Swarm.Roster.ForEach(0, static (_, peer) => peer.Ask());
        if (layers.IsDone && !_end.Task.IsCompleted)
            _end.TrySetResult(layers.Whole(_link));
    }

    /// <summary>Continues without layers: clients may have to request hashes from peers before they can verify the torrent by version 2.</summary>
    private void DoWithout(string why)
    {
        string message = $"The piece layers of '{_whole!.Name}' were not received: {why}. Its .torrent does not contain them; clients get them from peers"
            + (_whole.Version == TorrentVersion.Hybrid ? ", or use version 1." : ", and some programs may refuse it.");
        Swarm.Log(message);
        if (_end.TrySetResult(_whole))
            _options.OnWarning?.Invoke(message);
    }

    private void Faulted(Exception fault)
    {
        Swarm.Log(fault.ToString());
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
        string peers = Swarm.Roster.Seen == 0 ? "no peers were found"
            : Swarm.Fetch.Sources > 0 ? string.Create(CultureInfo.InvariantCulture, $"{CountText.Of(Swarm.Fetch.Sources, "peer")} with it, {Snapshot().PercentResolved:0} % received")
            : Swarm.RefusedSize > 0 ? string.Create(CultureInfo.InvariantCulture, $"peers report a size of {Swarm.RefusedSize} bytes, more than the limit")
            : string.Create(CultureInfo.InvariantCulture, $"{CountText.Of(Swarm.Roster.Seen, "peer")} known, {Peers.Length} connected, none with the metadata");
        return new TorrentException(TorrentErrorId.MetadataTimedOut, string.Create(CultureInfo.InvariantCulture,
            $"The metadata of '{_torrent.Name}' was not received within {limit.TotalSeconds:0.#} s: {peers}. Try again later, wait longer, or name a peer that has it."));
    }

    private TorrentException NoPeers() => Swarm.Discovery.Sources?.Failure is { } failure
        ? failure
        : new TorrentException(TorrentErrorId.NoPeers, _options.Peers.Count + _link.Peers.Count > 0
            ? $"None of the given peers could be reached, and the magnet link of '{_torrent.Name}' names no tracker that is asked for others."
            : $"The magnet link of '{_torrent.Name}' names no tracker and no peer that is asked for the metadata. Name a peer that has it.");
}
