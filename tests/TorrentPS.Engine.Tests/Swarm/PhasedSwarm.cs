using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;
using TorrentPS.Testing;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>A torrent in one of its phases, to which peers connect in memory from anywhere. Time passes only through <see cref="Time"/>.</summary>
internal sealed class PhasedSwarm : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stop = new();
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];
    private readonly ConcurrentDictionary<IPEndPoint, Func<PeerStream>> _listeners = [];
    private readonly SwarmServices _services;
    private readonly MetadataSession? _resolving;
    private readonly TorrentSession? _session;
    private readonly Sample _sample;
    private readonly Task _run;

    public PhasedSwarm(SwarmPhase phase, Sample sample, int? maxPeers = null, Func<DownloadOptions, DownloadOptions>? change = null, Torrent? torrent = null, Func<IPAddress, AddressReach>? reachOf = null, bool isOnDisk = false)
    {
        _sample = sample;
        _services = new SwarmServices(new SwarmOptions { Port = 0, TimeProvider = Time, Log = Log, Connect = ConnectAsync, ReachOf = reachOf, OpenStorage = isOnDisk ? null : Open }, new DiscoveryServices([Discovery]));
        if (phase == SwarmPhase.Resolving)
        {
            _resolving = new MetadataSession(_services, Torrent.FromLink(MagnetLink.FromTorrent(sample.Torrent)), new ResolveOptions { MaxPeers = maxPeers ?? 60 }, null, "");
            _run = _resolving.RunAsync(handsOver: false, _stop.Token);
        }
        else
        {
            if (phase == SwarmPhase.Seeding && isOnDisk)
                sample.Lay(_folder.Path, [.. Enumerable.Range(0, sample.Torrent.Files.Count)]);
            DownloadOptions options = new()
            {
                Destination = _folder.Path,
                SeedOnly = phase == SwarmPhase.Seeding,
                SeedTime = phase == SwarmPhase.Seeding ? Timeout.InfiniteTimeSpan : null,
                UploadLimit = 1024,
                MaxPeers = maxPeers ?? 200,
            };
            _session = new TorrentSession(_services, torrent ?? sample.Torrent, change?.Invoke(options) ?? options, null);
            _run = Result = _session.RunAsync(_stop.Token);
        }

        Until(() => _services.Incoming.Port > 0 && Discovery.Calls.Contains("start"));
    }

    /// <summary>The storage of a download or seed, unless it is on disk.</summary>
    public MemoryStorage? Storage { get; private set; }

    public FakeTimeProvider Time { get; } = new();

    public FakeDiscovery Discovery { get; } = new(PeerSource.Tracker);

    public Task Run => _run;

    /// <summary>The result of a download or seed; null while a magnet link is resolved.</summary>
    public Task<TorrentDownload>? Result { get; }

    public TemporaryFolder Folder => _folder;

    /// <summary>Stops a download or seed, as its user does.</summary>
    public async Task<TorrentDownload> StopAsync()
    {
        await _stop.CancelAsync();
        return await Result!.WaitAsync(s_limit);
    }

    public SwarmServices Services => _services;

    private MemoryStorage Open(StorageRequest request) => Storage = request.SeedOnly ? MemoryStorage.Of(request.Torrent, _sample.Content) : new MemoryStorage(request.Torrent);

    /// <summary>Connects from an address, as a peer with a given id.</summary>
    public (MemoryPeerStream Peer, MemoryPeerStream Ours) Come(IPAddress from, string id, bool supportsV2 = false, bool supportsFast = true, Func<PeerStream, PeerStream>? change = null)
    {
        (MemoryPeerStream peer, MemoryPeerStream ours) = MemoryPeerStream.Create(address: from);
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, _sample.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes(id), supportsV2: supportsV2);
        if (!supportsFast)
            handshake[27] &= 0xFB;
        peer.Send(handshake);
        _services.Incoming.Accept(change is null ? ours : change(ours));
        return (peer, ours);
    }

    /// <summary>Makes the engine connect to an address where a peer with a given id listens.</summary>
    /// <param name="at">The address.</param>
    /// <param name="id">The peer id.</param>
    /// <param name="change">Replaces the engine's end, if needed.</param>
    /// <returns>The peer's end.</returns>
    public MemoryPeerStream BeDialled(IPAddress at, string id, Func<PeerStream, PeerStream>? change = null)
    {
        (MemoryPeerStream ours, MemoryPeerStream peer) = MemoryPeerStream.Create(address: at);
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, _sample.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes(id));
        peer.Send(handshake);
        Listen(ours.RemoteEndPoint, () => change is null ? ours : change(ours));
        Name(ours.RemoteEndPoint);
        return peer;
    }

    /// <summary>Sets the connections to an address from now on.</summary>
    public void Listen(IPEndPoint endPoint, Func<PeerStream> connect) => _listeners[endPoint] = connect;

    /// <summary>Makes a tracker return addresses.</summary>
    public void Name(params IEnumerable<IPEndPoint> endPoints) =>
        Discovery.Request!.PeersFound([.. endPoints.Select(endPoint => new DiscoveredPeer(endPoint, PeerSource.Tracker, null, default))]);

    /// <summary>The addresses dialled, one per attempt.</summary>
    public ConcurrentQueue<IPEndPoint> Dialled { get; } = [];

    private async Task<PeerStream> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        Dialled.Enqueue(endPoint);
        if (!_listeners.TryGetValue(endPoint, out Func<PeerStream>? connect))
            await Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken); // no answer
        return connect!();
    }

    /// <summary>The connections in the engine.</summary>
    public PeerHandler[] Peers
    {
        get
        {
            object session = (object?)_resolving ?? _session!;
            return (PeerHandler[])session.GetType().GetProperty("Peers", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(session)!;
        }
    }

    /// <summary>Advances the clock until a condition holds, or in the end waits for it. Each tick is processed before the next, even on a busy machine.</summary>
    public async Task PassAsync(int seconds, Func<bool> condition)
    {
        SwarmLoop loop = _session is null ? (SwarmLoop)Field(_resolving!, "_loop") : ((SwarmRun)Field(_session, "_run")).Loop;
        for (int i = 0; i < 5 * seconds && !condition(); i++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(200));
            await loop.RunAsync(() => Task.FromResult(true));
        }

        Until(condition);
    }

    private static object Field(object session, string name) => session.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(session)!;

    /// <summary>Ends the torrent as its user does, in any phase.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(s_limit);
    }

    public static string Id(int number) => $"-XX0001-{number:000000000000}";

    /// <summary>An address in the Internet; each number is a different subscriber.</summary>
    public static IPAddress Address(int number) => new([(byte)(11 + number / 60_000), (byte)(number / 250), (byte)(number % 250), 7]);

    public static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, s_limit));

    /// <summary>Lets time pass until a condition holds.</summary>
    public void PassUntil(Func<bool> condition) => Until(() =>
    {
        if (condition())
            return true;
        Time.Advance(TimeSpan.FromSeconds(0.2));
        return false;
    });

    public int Logged(string part)
    {
        lock (_log)
            return _log.Count(line => line.Contains(part, StringComparison.Ordinal));
    }

    public string AllLogged()
    {
        lock (_log)
            return string.Join('\n', _log);
    }

    private void Log(string line)
    {
        lock (_log)
            _log.Add(line);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(s_limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_resolving is not null)
        {
            await _resolving.Ended.WaitAsync(s_limit);
            _resolving.Dispose();
        }

        if (_session is not null)
            await _session.DisposeAsync();
        await _services.DisposeAsync();
        _stop.Dispose();
        _folder.Dispose();
    }
}
