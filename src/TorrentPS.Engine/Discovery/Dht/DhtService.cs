using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// The DHT of a client: a node for each address family on one UDP port, started on first use, for all torrents and searches. The nodes are used under one lock; callbacks
/// run under it, and must return soon.
/// </summary>
internal sealed class DhtService : IDiscoveryService, IDatagramConsumer, IAsyncDisposable
{
    private static readonly TimeSpan s_firstSave = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_savePeriod = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan s_firstResolve = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_longestResolve = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_afterFault = TimeSpan.FromSeconds(1);

    private readonly DhtOptions _options;
    private readonly UdpPorts _ports;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly DhtScope _scope;
    private readonly CancellationTokenSource _ending = new();
    private readonly long _start;
    private DhtNode[] _nodes = [];
    private UdpPort? _port;
    private DhtStateFile? _file;
    private DhtState? _recalled;
    private ITimer? _timer;
    private TimeSpan _armedFor = TimeSpan.MaxValue;
    private TimeSpan _nextSave = s_firstSave;
    private TimeSpan _nextResolve = s_firstResolve;
    private TimeSpan _resolvePause = s_firstResolve;
    private Task _resolving = Task.CompletedTask;
    private Task _saving = Task.CompletedTask;
    private bool _isDisposed;

    /// <param name="options">The options.</param>
    /// <param name="ports">The client's UDP ports, of which it shares one with uTP; null for a separate port.</param>
    public DhtService(DhtOptions options, UdpPorts? ports = null)
    {
        _ports = ports ?? new UdpPorts();
        _options = options;
        _scope = new DhtScope(options.IPFilter);
        _time = options.TimeProvider;
        _start = _time.GetTimestamp();
    }

    /// <inheritdoc/>
    public PeerSource Source => PeerSource.Dht;

    /// <summary>The UDP port; 0 before the start.</summary>
    public int Port => _port?.Port ?? 0;

    /// <summary>The number of nodes in the tables that have answered.</summary>
    public int NodeCount
    {
        get
        {
            lock (_lock)
                return _nodes.Sum(node => node.Table.AnsweredCount);
        }
    }

    /// <summary>Whether any node is known, or may be soon.</summary>
    public bool KnowsAnyone
    {
        get
        {
            lock (_lock)
                return !_resolving.IsCompleted || Array.Exists(_nodes, node => node.KnowsAnyone);
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <inheritdoc/>
    public IPeerDiscovery Create(DiscoveryRequest request)
    {
        if (_options.Bootstrap.Count == 0 && request.Nodes.Count == 0 && !KnowsAnyone)
            throw new TorrentException(TorrentErrorId.NoPeers, $"No node of the DHT is known that could be asked for the peers of '{request.Name}': name one.");
        return new DhtDiscovery(this, request);
    }

    /// <summary>Opens the port and starts bootstrapping, if not done yet.</summary>
    /// <param name="port">The TCP port for peers, whose number is used if it is free; 0 for none.</param>
    /// <exception cref="TorrentException">No port can be opened.</exception>
    public void Start(int port)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_port is null)
                StartNodes(port != 0 ? port : _options.Port, isReadOnly: port == 0 || _options.IsReadOnly);
            // A node that only searches ends before others could query it (BEP 43); one that also downloads does not.
            if (port != 0 && !_options.IsReadOnly)
                Array.ForEach(_nodes, node => node.IsReadOnly = false);
        }
    }

    /// <summary>Adds nodes named by a torrent (BEP 5, "nodes").</summary>
    public void AddNodes(IReadOnlyList<string> nodes)
    {
        if (nodes.Count > 0)
            _ = DhtBootstrap.ResolveAsync(nodes.Take(32), _options, (_, endPoint) => AddEntry(endPoint, isRouter: false), _ending.Token);
    }

    /// <summary>Pings the node that a peer has announced (BEP 5, "PORT").</summary>
    public void Ping(IPEndPoint endPoint)
    {
        IPEndPoint plain = endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
        Do(node => node.Ping(plain));
    }

    /// <summary>Looks up the peers of a torrent, in each address family.</summary>
    /// <param name="infoHash">The torrent.</param>
    /// <param name="peersFound">Receives the peers in each answer.</param>
    /// <param name="converged">Called for each address family when the nearest nodes have answered.</param>
    public DhtLookup[] FindPeers(NodeId infoHash, Action<IReadOnlyList<IPEndPoint>> peersFound, Action<DhtLookup> converged)
    {
        lock (_lock)
        {
            DhtLookup[] lookups = Array.ConvertAll(_nodes, node => node.FindPeers(infoHash, peersFound, converged));
            Tick();
            return lookups;
        }
    }

    /// <summary>Announces our peer to the nodes that a lookup has found.</summary>
    /// <returns>The number of nodes announced to.</returns>
    public int Announce(DhtLookup lookup, int port, bool isSeed)
    {
        lock (_lock)
        {
            int told = lookup.Node.Announce(lookup, port, isSeed);
            Tick();
            return told;
        }
    }

    /// <summary>Cancels lookups.</summary>
    public void Cancel(IEnumerable<DhtLookup> lookups)
    {
        lock (_lock)
        {
            foreach (DhtLookup lookup in lookups)
                lookup.Cancel();
        }
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> datagram, IPEndPoint from)
    {
        lock (_lock)
        {
            if (_isDisposed || Array.Find(_nodes, node => node.Family == from.AddressFamily) is not { } node)
                return;
            node.Receive(datagram, from);
            Tick();
        }
    }

    /// <summary>Closes the port, and saves the state for the next run.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        await _ending.CancelAsync().ConfigureAwait(false);
        if (_timer is not null)
            await _timer.DisposeAsync().ConfigureAwait(false);
        if (_port is { } port)
        {
            port.AttachDht(null);
            await _ports.CloseAsync(port).ConfigureAwait(false);
        }

        await _resolving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _saving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_file is { } file)
        {
            await Task.Run(() => Save(file)).ConfigureAwait(false);
            file.Dispose();
        }

        _ending.Dispose();
    }

    private void StartNodes(int port, bool isReadOnly)
    {
        UdpPort opened = _ports.Open(port);
        _port = opened;
        _file = _options.StateFolder is { Length: > 0 } folder ? DhtStateFile.Open(folder, _options.Bootstrap) : null;
        _recalled = _file?.Load();
        DhtNode? v4 = opened.HasV4 ? CreateNode(AddressFamily.InterNetwork, _recalled?.IdV4, opened, isReadOnly) : null;
        DhtNode? v6 = opened.HasV6 ? CreateNode(AddressFamily.InterNetworkV6, _recalled?.IdV6, opened, isReadOnly) : null;
        if (v4 is not null && v6 is not null)
            (v4.Sibling, v6.Sibling) = (v6, v4);
        _nodes = [.. new[] { v4, v6 }.OfType<DhtNode>()];

        _timer = _time.CreateTimer(static state => ((DhtService)state!).TimerFired(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        opened.AttachDht(this);
        Recall();
        Array.ForEach(_nodes, node => node.Enter());
        _resolving = ResolveAsync();
        _options.Log?.Invoke($"DHT: on UDP port {opened.Port}, {_nodes.Sum(node => node.Table.Count)} nodes known from before");
        Tick();
    }

    private DhtNode CreateNode(AddressFamily family, NodeId? id, UdpPort port, bool isReadOnly) =>
        new(family, id ?? NodeId.Random(), _scope, _time, port.Send, _options.Log) { IsReadOnly = isReadOnly };

    private void Recall()
    {
        if (_recalled is not { } state)
            return;
        foreach (DhtNode node in _nodes)
            node.Recall(node.Family == AddressFamily.InterNetwork ? state.NodesV4 : state.NodesV6);
    }

    private Task ResolveAsync() => DhtBootstrap.ResolveAsync(_options.Bootstrap, _options, (name, endPoint) =>
    {
        bool isRouter = DhtBootstrap.WellKnown.Contains(name);
        lock (_lock)
        {
            // A well-known name that resolves to our own network is a blocked name, not a private DHT.
            if (!isRouter && !_scope.AllowsLocal && DhtScope.IsLocal(endPoint.Address))
            {
                _scope.Include(endPoint.Address);
                Recall();
            }
        }

        AddEntry(endPoint, isRouter);
    }, _ending.Token);

    private void AddEntry(IPEndPoint endPoint, bool isRouter) => Do(node => node.AddEntry(endPoint, isRouter));

    private void Do(Action<DhtNode> action)
    {
        lock (_lock)
        {
            if (_isDisposed || _port is null)
                return;
            Array.ForEach(_nodes, action);
            Tick();
        }
    }

    private void TimerFired()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _armedFor = TimeSpan.MaxValue;
            try
            {
                Tick();
            }
            catch (Exception e) // must end neither the DHT nor the process
            {
                _options.Log?.Invoke($"DHT: a fault of this program: {e}");
                Arm(Now + s_afterFault);
            }
        }
    }

    private void Tick()
    {
        TimeSpan pause = TimeSpan.MaxValue;
        foreach (DhtNode node in _nodes)
        {
            TimeSpan quiet = node.Tick();
            pause = quiet < pause ? quiet : pause;
        }

        TimeSpan now = Now;
        if (now >= _nextSave)
        {
            _nextSave = now + s_savePeriod;
            if (_file is { } file)
                _saving = Task.Run(() => Save(file));
        }

        if (now >= _nextResolve && _resolving.IsCompleted)
        {
            _resolvePause = _resolvePause * 2 < s_longestResolve ? _resolvePause * 2 : s_longestResolve;
            _nextResolve = now + _resolvePause;
            // The names may not have been resolvable while the network was down.
            if (Array.TrueForAll(_nodes, node => node.Table.AnsweredCount == 0))
                _resolving = Task.Run(ResolveAsync);
        }

        Arm(now + pause);
    }

    private void Arm(TimeSpan due)
    {
        if (_timer is null || due >= _armedFor)
            return;
        _armedFor = due;
        TimeSpan pause = due - Now;
        _timer.Change(pause < s_shortestPause ? s_shortestPause : pause, Timeout.InfiniteTimeSpan);
    }

    private void Save(DhtStateFile file)
    {
        DhtState state = Capture();
        // Without known nodes, those of the last run are the better start.
        if (state.NodesV4.Count + state.NodesV6.Count > 0)
            file.Save(state);
    }

    private DhtState Capture()
    {
        lock (_lock)
        {
            DhtNode? v4 = Array.Find(_nodes, node => node.Family == AddressFamily.InterNetwork);
            DhtNode? v6 = Array.Find(_nodes, node => node.Family == AddressFamily.InterNetworkV6);
            return new DhtState { IdV4 = v4?.Id, IdV6 = v6?.Id, NodesV4 = Worth(v4), NodesV6 = Worth(v6) };
        }

        // Those that answered most recently come first; untried nodes of the last run are kept, too.
        static List<DhtContact> Worth(DhtNode? node) => node is null ? [] : [.. node.Table.Nodes
            .Where(known => known.Failures == 0)
            .OrderByDescending(known => known.HasAnswered).ThenByDescending(known => known.LastSeen)
            .Take(DhtState.MaxNodes).Select(known => known.Contact)];
    }
}
