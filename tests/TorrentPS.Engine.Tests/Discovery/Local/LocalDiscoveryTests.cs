using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Discovery.Local;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Discovery.Local;

public sealed class LocalDiscoveryTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryNetwork _network = new();
    private readonly LocalDiscoveryService _here;
    private readonly LocalDiscoveryService _there;
    private readonly List<string> _found = [];
    private readonly List<TorrentException> _errors = [];

    public LocalDiscoveryTests()
    {
        _here = new LocalDiscoveryService(_network.Join("192.168.1.1"), _time);
        _there = new LocalDiscoveryService(_network.Join("192.168.1.2"), _time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
    }

    private DiscoveryRequest Request(int port, string name = "here", byte number = 1) => new()
    {
        InfoHash = InfoHash.Create(Enumerable.Repeat(number, 20).ToArray()),
        Name = name,
        PeerId = DiscoveryData.PeerId,
        Port = () => port,
        Statistics = () => default,
        PeersFound = peers => _found.AddRange(peers.Select(peer => $"{name} {peer.EndPoint} {peer.Source}")),
        OnError = _errors.Add,
        TimeProvider = _time,
    };

    private static IPeerDiscovery Start(LocalDiscoveryService service, DiscoveryRequest request)
    {
        IPeerDiscovery discovery = service.Create(request);
        discovery.Start();
        return discovery;
    }

    private void PassAnHour()
    {
        for (int minute = 0; minute < 60; minute++)
            _time.Advance(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Two_clients_find_each_other_and_not_themselves()
    {
        IPeerDiscovery here = Start(_here, Request(1000));
        Assert.Empty(_found);
        Assert.False(here.AnyAnswered);
        IPeerDiscovery there = Start(_there, Request(2000, "there"));
        Assert.Equal(["here 192.168.1.2:2000 LocalDiscovery"], _found);
        Assert.True(here.AnyAnswered);
        // The first client is found when it next announces.
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Contains("there 192.168.1.1:1000 LocalDiscovery", _found);
        await here.DisposeAsync();
        await there.DisposeAsync();
    }

    [Fact]
    public async Task A_fault_with_one_message_loses_only_that_message()
    {
        List<string> log = [];
        bool isFaulty = true;
        await using var service = new LocalDiscoveryService(_network.Join("192.168.1.3"), _time, log.Add);
        await using IPeerDiscovery here = Start(service, Request(3000) with { PeersFound = peers => (isFaulty ? throw new InvalidOperationException("injected") : new List<DiscoveredPeer>()).AddRange(peers) });
        await using IPeerDiscovery there = Start(_there, Request(2000, "there"));
        Assert.Contains("by a fault of this program: System.InvalidOperationException: injected", Assert.Single(log), StringComparison.Ordinal);
        isFaulty = false;
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Single(log);
        Assert.Contains("there 192.168.1.3:3000 LocalDiscovery", _found);
    }

    [Fact]
    public async Task Unknown_torrents_are_refused()
    {
        await using IPeerDiscovery here = Start(_here, Request(1000));
        await using IPeerDiscovery there = Start(_there, Request(2000, "there", 2));
        Assert.Empty(_found);
    }

    [Fact]
    public async Task It_announces_every_five_minutes_and_never_twice_in_one()
    {
        IPeerDiscovery here = Start(_here, Request(1000));
        here.RequestMore();
        _time.Advance(TimeSpan.FromSeconds(59));
        here.RequestMore();
        Assert.Single(_network.Sent);
        _time.Advance(TimeSpan.FromSeconds(1));
        here.RequestMore();
        Assert.Equal(2, _network.Sent.Count);
        PassAnHour();
        Assert.Equal(14, _network.Sent.Count);
        await here.StopAsync(TimeSpan.Zero);
        PassAnHour();
        Assert.Equal(14, _network.Sent.Count);
        await here.DisposeAsync();
    }

    [Fact]
    public async Task Many_torrents_share_messages()
    {
        List<IPeerDiscovery> all = [.. Enumerable.Range(1, 45).Select(i => Start(_here, Request(1000, "here", (byte)i)))];
        Assert.Equal(45, _network.Sent.Count); // each announces when it starts
        _network.Sent.Clear();
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal([20, 20, 5], _network.Sent.Select(text => text.Split("Infohash").Length - 1));
        foreach (IPeerDiscovery one in all)
            await one.DisposeAsync();
    }

    [Fact]
    public async Task A_hybrid_torrent_is_announced_by_both_of_its_hashes()
    {
        byte[] v1 = [.. Enumerable.Repeat((byte)0x11, 20)], v2 = [.. Enumerable.Repeat((byte)0x22, 32)];
        await using IPeerDiscovery here = Start(_here, Request(1000) with { InfoHash = InfoHash.Create(v1, v2) });
        Assert.Contains($"Infohash: {new string('1', 40)}\r\nInfohash: {new string('2', 40)}\r\n", Assert.Single(_network.Sent), StringComparison.Ordinal);
        _network.Send("192.168.1.9:6771", new LocalAnnounce(3000, [InfoHash.Create(v1), InfoHash.Create(v2.AsSpan(0, 20))], null).ToBytes(AddressFamily.InterNetwork));
        Assert.Equal("here 192.168.1.9:3000 LocalDiscovery", _found.Distinct().Single());
    }

    [Fact]
    public async Task Nothing_is_announced_while_peers_cannot_connect()
    {
        await using IPeerDiscovery here = Start(_here, Request(0));
        Assert.Empty(_network.Sent);
        await using IPeerDiscovery there = Start(_there, Request(2000, "there"));
        Assert.Single(_found); // but it did listen
    }

    [Fact]
    public async Task A_search_is_answered_without_a_connection_to_it()
    {
        await using IPeerDiscovery there = Start(_there, Request(2000, "there"));
        _time.Advance(TimeSpan.FromSeconds(10));
        await using IPeerDiscovery search = Start(_here, Request(1000) with { IsSearch = true, Timeout = TimeSpan.FromSeconds(15) });
        Assert.Equal(["here 192.168.1.2:2000 LocalDiscovery"], _found);
        Assert.Contains("Port: 0\r\n", _network.Sent[^1], StringComparison.Ordinal);
        Assert.False(search.FirstRound.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await search.FirstRound.WaitAsync(Token);
        Assert.Null(search.Failure);
    }

    [Fact]
    public async Task A_search_without_other_sources_waits_for_regular_announces()
    {
        await using IPeerDiscovery search = Start(_here, Request(1000) with { IsSearch = true, Sources = [PeerSource.LocalDiscovery], Timeout = TimeSpan.FromSeconds(15) });
        _time.Advance(TimeSpan.FromSeconds(14));
        Assert.False(search.FirstRound.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await search.FirstRound.WaitAsync(Token);
        Assert.Equal(TorrentErrorId.NoPeers, search.Failure?.ErrorId);
    }

    [Fact]
    public async Task Searches_cannot_make_it_flood_an_address()
    {
        await using IPeerDiscovery there = Start(_there, Request(2000, "there"));
        byte[] question = new LocalAnnounce(0, [Request(0).InfoHash], "x").ToBytes(AddressFamily.InterNetwork);
        for (int i = 0; i < 1000; i++)
            _network.Send($"192.168.1.9:{1000 + i}", question);
        Assert.Equal(10, _network.Answers.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        _network.Send("192.168.1.9:1", question);
        Assert.Equal(11, _network.Answers.Count);
    }

    [Fact]
    public async Task A_flood_is_ignored()
    {
        await using IPeerDiscovery here = Start(_here, Request(1000));
        for (int port = 1; port <= 1000; port++)
            _network.Send("192.168.1.9:6771", new LocalAnnounce(port, [Request(0).InfoHash], null).ToBytes(AddressFamily.InterNetwork));
        Assert.InRange(_found.Count, 90, 100);
        _network.Send("192.168.1.9:6771", Encoding.ASCII.GetBytes("nonsense"));
        _time.Advance(TimeSpan.FromSeconds(1));
        _network.Send("192.168.1.9:6771", new LocalAnnounce(5000, [Request(0).InfoHash], null).ToBytes(AddressFamily.InterNetwork));
        Assert.Contains("here 192.168.1.9:5000 LocalDiscovery", _found);
    }

    [Fact]
    public async Task Silence_is_a_failure_after_some_seconds_until_an_answer_arrives()
    {
        await using IPeerDiscovery here = Start(_here, Request(1000));
        Assert.Null(here.Failure);
        _time.Advance(TimeSpan.FromSeconds(5));
        await here.FirstRound.WaitAsync(Token);
        Assert.Equal(TorrentErrorId.NoPeers, here.Failure?.ErrorId);
        await using IPeerDiscovery there = Start(_there, Request(2000, "there"));
        Assert.Null(here.Failure);
    }

    [Fact]
    public async Task Without_a_network_that_is_reported_and_nothing_else_happens()
    {
        await using var alone = new LocalDiscoveryService(_network.Join("192.168.1.3", SocketError.AddressFamilyNotSupported), _time);
        await using IPeerDiscovery discovery = Start(alone, Request(1000));
        await discovery.FirstRound.WaitAsync(Token);
        Assert.Equal(TorrentErrorId.NoPeers, discovery.Failure?.ErrorId);
        Assert.Single(_errors);
        Assert.Empty(_network.Sent);
        discovery.RequestMore();
        Assert.Empty(_network.Sent);
    }
}
