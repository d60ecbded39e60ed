using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// Finds the peers of one torrent in the DHT: repeated lookups while it runs, for both hashes of a hybrid torrent and both address families, each followed by an announce
/// to the nodes found. A search makes one lookup, and announces nothing.
/// </summary>
internal sealed class DhtDiscovery : IPeerDiscovery
{
    /// <summary>The time between rounds; an announce is valid for twice as long.</summary>
    private static readonly TimeSpan s_period = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan s_periodWithFewPeers = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_pauseWhenPeersAreWanted = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_roundLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);
    private const int FewPeers = 10;

    private readonly DhtService _service;
    private readonly DiscoveryRequest _request;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _firstRound = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<IPEndPoint> _peers = [];
    private readonly long _start;
    private volatile TaskCompletionSource _peersWanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TorrentException? _startFailure;
    private volatile bool _anyAnswered;
    private Task _running = Task.CompletedTask;

    public DhtDiscovery(DhtService service, DiscoveryRequest request)
    {
        _service = service;
        _request = request;
        _start = request.TimeProvider.GetTimestamp();
    }

    /// <inheritdoc/>
    public PeerSource Source => PeerSource.Dht;

    /// <inheritdoc/>
    public bool AnyAnswered => _anyAnswered || (_startFailure is null && _service.NodeCount > 0);

    /// <inheritdoc/>
    public TorrentException? Failure
    {
        get
        {
            if (_startFailure is { } failure)
                return failure;
            return AnyAnswered || _request.TimeProvider.GetElapsedTime(_start) < s_patience ? null : NoAnswer(s_patience);
        }
    }

    /// <inheritdoc/>
    public Task FirstRound => _firstRound.Task;

    /// <inheritdoc/>
    public void Start()
    {
        try
        {
            _service.Start(_request.IsSearch ? 0 : _request.Port());
        }
        catch (TorrentException e)
        {
            _startFailure = e;
            _request.OnError?.Invoke(e);
            _firstRound.TrySetResult();
            return;
        }

        _service.AddNodes(_request.Nodes);
        _running = RunAsync(_ending.Token);
    }

    /// <inheritdoc/>
    public void RequestMore() => _peersWanted.TrySetResult();

    /// <inheritdoc/>
    public void Completed()
    {
    }

    /// <inheritdoc/>
    public async Task StopAsync(TimeSpan limit)
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _firstRound.TrySetResult();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(StopAsync(TimeSpan.Zero));

    private static TorrentException NoAnswer(TimeSpan after) => new(
        TorrentErrorId.NoPeers,
        $"No node of the DHT has answered within {after.TotalSeconds:0.#} s: is UDP let through? Peers can still come from trackers, and from addresses that you give.");

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan quickPause = s_shortestPause;
        try
        {
            while (true)
            {
                var round = new Round(this);
                try
                {
                    await round.RunAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (Exception e) when (e is not OperationCanceledException && !_request.IsSearch)
                {
                    _request.Log?.Invoke($"DHT: a search ends by a fault of this program, and is begun again: {e}");
                }
                finally
                {
                    if (_request.IsSearch || cancellationToken.IsCancellationRequested)
                        round.Cancel();
                }

                _firstRound.TrySetResult();
                if (_request.IsSearch)
                    return;
                // While few nodes are known, other nodes may store this torrent.
                bool isThorough = round.IsThorough;
                TimeSpan pause = !isThorough ? quickPause : PeerCount < FewPeers ? s_periodWithFewPeers : s_period;
                quickPause = isThorough ? s_shortestPause : quickPause * 2 < s_periodWithFewPeers ? quickPause * 2 : s_periodWithFewPeers;
                await PauseAsync(pause, cancellationToken).ConfigureAwait(false);
                round.Cancel();
            }
        }
        catch (OperationCanceledException)
        {
            // the torrent stops
        }
        catch (Exception e)
        {
            // A fault of this program ends the search with an exception rather than silently.
            _firstRound.TrySetException(e);
        }
    }

    private int PeerCount
    {
        get
        {
            lock (_peers)
                return _peers.Count;
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        TimeProvider time = _request.TimeProvider;
        var wanted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _peersWanted = wanted;
        TimeSpan shortest = pause < s_pauseWhenPeersAreWanted ? pause : s_pauseWhenPeersAreWanted;
        await Task.Delay(shortest, time, cancellationToken).ConfigureAwait(false);
        if (pause > shortest)
            await wanted.Task.WaitAsync(pause - shortest, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void Take(IReadOnlyList<IPEndPoint> endPoints)
    {
        var found = new List<DiscoveredPeer>(endPoints.Count);
        lock (_peers)
        {
            foreach (IPEndPoint endPoint in endPoints)
            {
                _peers.Add(endPoint);
                found.Add(new DiscoveredPeer(endPoint, PeerSource.Dht, null, default));
            }
        }

        if (!_ending.IsCancellationRequested)
            _request.PeersFound(found);
    }

    /// <summary>Announces the torrent to the nodes that a lookup has found.</summary>
    private void Announce(DhtLookup lookup)
    {
        if (_request.IsSearch || _ending.IsCancellationRequested || _request.Port() is not (> 0 and var port))
            return;
        int told = _service.Announce(lookup, lookup.Node.Family == AddressFamily.InterNetwork ? _request.PublicPort(port) : port, _request.Statistics().Left == 0);
        _request.Log?.Invoke($"DHT: {lookup.QueryCount} nodes asked for the peers of '{_request.Name}', {PeerCount} known by now; announced to {told}");
    }

    /// <summary>One round: a lookup for each hash and address family.</summary>
    private sealed class Round(DhtDiscovery owner)
    {
        private readonly Lock _lock = new();
        private readonly List<(DhtLookup Lookup, TaskCompletionSource Ended)> _lookups = [];
        private readonly List<DhtLookup> _early = [];

        /// <summary>Whether a lookup found as many nodes as store a torrent.</summary>
        public bool IsThorough { get; private set; }

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            TimeProvider time = owner._request.TimeProvider;
            InfoHash hash = owner._request.InfoHash;
            if (hash.HasV1)
                Begin(NodeId.Read(hash.V1));
            if (hash.HasV2)
                Begin(NodeId.Read(hash.V2));
            TimeSpan limit = owner._request.IsSearch ? owner._request.Timeout : s_roundLimit;
            Task[] all;
            lock (_lock)
                all = [.. _lookups.Select(lookup => lookup.Ended.Task)];
            Task any = Task.WhenAny(all);
            await any.WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (!Array.Exists(all, task => task.IsCompleted))
            {
                if (!owner.AnyAnswered)
                    owner._request.OnError?.Invoke(NoAnswer(limit));
                return;
            }

            // If no node of a family answers, this machine has no network of that family.
            await WhenEnded(lookup => lookup.AnswerCount > 0).WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await WhenEnded(_ => true).WaitAsync(DhtRequests.ShortLimit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        public void Cancel()
        {
            DhtLookup[] lookups;
            lock (_lock)
                lookups = [.. _lookups.Select(lookup => lookup.Lookup)];
            owner._service.Cancel(lookups); // outside the lock, because the service calls back under its own lock
        }

        private void Begin(NodeId infoHash)
        {
            DhtLookup[] lookups = owner._service.FindPeers(infoHash, owner.Take, Converged);
            lock (_lock)
            {
                foreach (DhtLookup lookup in lookups)
                {
                    var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    _lookups.Add((lookup, ended));
                    if (_early.Contains(lookup))
                        ended.TrySetResult();
                }
            }
        }

        private Task WhenEnded(Predicate<DhtLookup> which)
        {
            lock (_lock)
                return Task.WhenAll(_lookups.Where(lookup => which(lookup.Lookup)).Select(lookup => lookup.Ended.Task));
        }

        private void Converged(DhtLookup lookup)
        {
            owner._anyAnswered = true;
            owner.Announce(lookup);
            IsThorough |= lookup.Closest.Count >= RoutingTable.K;
            lock (_lock)
            {
                _early.Add(lookup);
                _lookups.Find(other => other.Lookup == lookup).Ended?.TrySetResult();
            }
        }
    }
}
