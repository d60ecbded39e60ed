using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Discovery.Dht;

/// <summary>Whole nodes with sockets on loopback.</summary>
public sealed class DhtServiceTests : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _open = [];
    private readonly FakeTimeProvider _time = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("torrentps-dht-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable open in _open.AsEnumerable().Reverse())
            await open.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Twenty_nodes_bootstrap_from_one_and_find_an_announced_peer()
    {
        DhtService first = Service();
        first.Start(FreePort());
        DhtService[] others = [.. Enumerable.Range(0, 19).Select(_ => Service(Address(first)))];
        foreach (DhtService other in others)
            other.Start(FreePort());
        await UntilAsync(() => Array.TrueForAll(others, other => other.NodeCount >= RoutingTable.K), "all know some others");
        InfoHash torrent = NewHash();
        Found announced = Discover(others[3], torrent, port: 50_003);
        await UntilAsync(announced.Discovery.FirstRound, "it is announced");

        foreach (DhtService searcher in new[] { others[7], others[18], first })
        {
            Found found = await SearchAsync(searcher, torrent);
            DiscoveredPeer peer = Assert.Single(found.Peers.DistinctBy(peer => peer.EndPoint));
            Assert.Equal((new IPEndPoint(IPAddress.Loopback, 50_003), PeerSource.Dht), (peer.EndPoint, peer.Source));
            Assert.True(found.Discovery.AnyAnswered);
            Assert.Null(found.Discovery.Failure);
        }
    }

    [Fact]
    public async Task The_table_is_saved_and_used_when_no_bootstrap_node_is_left()
    {
        DhtService entry = Service(), other = Service();
        entry.Start(FreePort());
        string[] bootstrap = [Address(entry)];
        other = Service(bootstrap);
        other.Start(FreePort());
        DhtService kept = Service(_folder, bootstrap);
        kept.Start(FreePort());
        await UntilAsync(() => kept.NodeCount >= 2, "it knows both");
        await kept.DisposeAsync();
        await entry.DisposeAsync();
        string file = Assert.Single(Directory.GetFiles(_folder, "*.state"));
        DhtState saved = DhtState.Read(await File.ReadAllBytesAsync(file, Token))!;
        Assert.Equal(2, saved.NodesV4.Count);

        DhtService again = Service(_folder, bootstrap);
        again.Start(FreePort());

        await UntilAsync(() => again.NodeCount >= 1, "it has found the one that is left");
        await again.DisposeAsync();
        Assert.Equal(saved.IdV4, DhtState.Read(await File.ReadAllBytesAsync(file, Token))!.IdV4);
        Assert.Empty(Directory.GetFiles(_folder, "*.new"));
    }

    [Fact]
    public async Task Two_processes_at_once_share_neither_an_id_nor_the_file()
    {
        DhtState state = new() { IdV4 = NodeId.Random(), NodesV4 = [new DhtContact(NodeId.Random(), DhtNetwork.AddressOf(1))] };
        using DhtStateFile first = DhtStateFile.Open(_folder, [])!;
        first.Save(state);
        using DhtStateFile second = DhtStateFile.Open(_folder, [])!;

        Assert.Null(second.Load()!.IdV4);
        Assert.Equal(state.NodesV4, second.Load()!.NodesV4);
        second.Save(new DhtState());
        Assert.Equal(state.IdV4, first.Load()!.IdV4);
        using DhtStateFile elsewhere = DhtStateFile.Open(_folder, ["127.0.0.1:1"])!;
        Assert.Null(elsewhere.Load()); // another DHT
        await File.WriteAllTextAsync(Directory.GetFiles(_folder, "*.state")[0], "garbage", Token);
        Assert.Null(first.Load());
    }

    [Fact]
    public async Task Any_bootstrap_node_may_be_dead()
    {
        DhtService entry = Service();
        entry.Start(FreePort());
        var never = new TaskCompletionSource<IPAddress[]>();
        DhtOptions options = new()
        {
            TimeProvider = _time,
            Bootstrap = ["gone.example:1", "silent.example:2", "not an address", $"127.0.0.1:{FreePort()}", $"alive.example:{entry.Port}"],
            Resolve = (host, _) => host switch
            {
                "gone.example" => throw new SocketException((int)SocketError.HostNotFound),
                "silent.example" => never.Task,
                _ => Task.FromResult<IPAddress[]>([IPAddress.Loopback]),
            },
        };
        DhtService service = Track(new DhtService(options));

        service.Start(0);

        await UntilAsync(() => service.NodeCount == 1, "the one that is alive was found");
    }

    [Fact]
    public async Task A_torrent_added_before_any_node_is_looked_up_with_the_first_node()
    {
        InfoHash torrent = NewHash();
        DhtService early = Service($"127.0.0.1:{FreePort()}");
        Found found = Discover(early, torrent, port: 50_001);
        DhtService later = Service(Address(early));
        Found announced = Discover(later, torrent, port: 50_002); // it enters through the other, which so learns of it

        await UntilAsync(() => found.Discovery.AnyAnswered && announced.Discovery.AnyAnswered, "both know each other");
        await UntilAsync(Task.WhenAll(found.Discovery.FirstRound, announced.Discovery.FirstRound), "both have told each other");
        Assert.All((await SearchAsync(later, torrent)).Peers, peer => Assert.InRange(peer.EndPoint.Port, 50_001, 50_002));
    }

    [Fact]
    public async Task A_search_without_answers_ends_in_time()
    {
        DhtService service = Service($"127.0.0.1:{FreePort()}");
        Found found = Discover(service, NewHash(), port: 1, isSearch: true, timeout: TimeSpan.FromMilliseconds(300));

        await UntilAsync(found.Discovery.FirstRound, "it is given up");

        Assert.Equal(TorrentErrorId.NoPeers, Assert.Single(found.Errors).ErrorId);
        Assert.False(found.Discovery.AnyAnswered);
    }

    [Fact]
    public void Without_any_source_it_is_unusable()
    {
        DhtService service = Track(new DhtService(new DhtOptions { Bootstrap = [] }));

        Assert.Equal(TorrentErrorId.NoPeers, Assert.Throws<TorrentException>(() => service.Create(Request(NewHash(), 1))).ErrorId);
        Assert.NotNull(service.Create(Request(NewHash(), 1) with { Nodes = ["127.0.0.1:1"] }));
        Assert.Equal(0, service.Port);
    }

    [Fact]
    public async Task A_searching_node_does_not_answer_and_a_downloading_one_does()
    {
        DhtService entry = Service(), other = Service();
        entry.Start(FreePort());
        other = Service(Address(entry));
        other.Start(0);
        await UntilAsync(() => other.NodeCount == 1, "it has got in");
        Assert.Equal(0, entry.NodeCount);

        other.Start(FreePort());
        other.Ping(new IPEndPoint(IPAddress.Loopback, entry.Port));

        await UntilAsync(() => entry.NodeCount == 1, "the other took it in");
    }

    private DhtService Service(params string[] bootstrap) => Service(null, bootstrap);

    // A node without entry points is entered by others: any unusable name will do.
    private DhtService Service(string? folder, string[] bootstrap) =>
        Track(new DhtService(new DhtOptions { Bootstrap = bootstrap.Length > 0 ? bootstrap : ["127.0.0.1:1"], StateFolder = folder, TimeProvider = _time }));

    private T Track<T>(T open)
        where T : IAsyncDisposable
    {
        _open.Add(open);
        return open;
    }

    private Found Discover(DhtService service, InfoHash torrent, int port, bool isSearch = false, TimeSpan? timeout = null)
    {
        ConcurrentQueue<DiscoveredPeer> peers = new();
        ConcurrentQueue<TorrentException> errors = new();
        IPeerDiscovery discovery = Track(service.Create(Request(torrent, port) with
        {
            IsSearch = isSearch,
            TimeProvider = _time,
            Timeout = timeout ?? TimeSpan.FromSeconds(20),
            PeersFound = found => { foreach (DiscoveredPeer peer in found) peers.Enqueue(peer); },
            OnError = errors.Enqueue,
        }));
        discovery.Start();
        return new Found(discovery, peers, errors);
    }

    /// <summary>Searches until a peer is found: the announce was sent before, but the first queries may have been answered before it arrived.</summary>
    private async Task<Found> SearchAsync(DhtService searcher, InfoHash torrent)
    {
        for (int i = 0; i < 1000; i++)
        {
            Found found = Discover(searcher, torrent, port: 50_007, isSearch: true);
            await UntilAsync(found.Discovery.FirstRound, "it is looked up");
            if (!found.Peers.IsEmpty)
                return found;
        }

        throw new TimeoutException("Nothing was found.");
    }

    private static DiscoveryRequest Request(InfoHash torrent, int port) => new()
    {
        InfoHash = torrent,
        Name = "test",
        PeerId = PeerId.Create(),
        Port = () => port,
        Statistics = () => new AnnounceStatistics(0, 0, 1),
        PeersFound = _ => { },
    };

    private static InfoHash NewHash() => InfoHash.Create(NodeId.Random().ToArray());

    private static string Address(DhtService service) => $"127.0.0.1:{service.Port}";

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Lets time pass until a condition holds.</summary>
    private Task UntilAsync(Func<bool> condition, string what) => _time.UntilAsync(condition, 0.02, report: () => what);

    private Task UntilAsync(Task task, string what) => UntilAsync(() => task.IsCompleted, what);

    private sealed record Found(IPeerDiscovery Discovery, ConcurrentQueue<DiscoveredPeer> Peers, ConcurrentQueue<TorrentException> Errors);

    [Fact]
    public async Task A_fault_in_a_timer_ends_neither_the_node_nor_the_process()
    {
        FakeTimeProvider time = new();
        List<string> log = [];
        DhtService service = Track(new DhtService(new DhtOptions { Bootstrap = ["127.0.0.1:1"], TimeProvider = time, Log = log.Add }));
        service.Start(FreePort());
        FieldInfo nodes = typeof(DhtService).GetField("_nodes", BindingFlags.Instance | BindingFlags.NonPublic)!;
        object sound = nodes.GetValue(service)!;
        nodes.SetValue(service, new DhtNode[1]);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Contains(log, line => line.Contains("a fault of this program: System.NullReferenceException", StringComparison.Ordinal));
        nodes.SetValue(service, sound);
        log.Clear();
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.DoesNotContain(log, line => line.Contains("fault", StringComparison.Ordinal));
        DhtService other = Service(Address(service));
        other.Start(FreePort());
        await UntilAsync(() => other.NodeCount == 1, "it answers");
    }
}
