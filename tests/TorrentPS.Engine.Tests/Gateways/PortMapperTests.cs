using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Gateways;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Gateways;

/// <summary>Port mapping, with scripted gateways on loopback.</summary>
public sealed class PortMapperTests : IAsyncDisposable
{
    private const int Port = 6881;

    private readonly ObservedTimeProvider _time = new();
    private readonly ConcurrentQueue<string> _log = [];
    private readonly ConcurrentQueue<string> _warnings = [];
    private readonly List<IDisposable> _servers = [];
    private readonly List<PortMapper> _mappers = [];
    private int _changes;

    public async ValueTask DisposeAsync()
    {
        foreach (PortMapper mapper in _mappers)
            await EndAsync(mapper, 0.1);
        _servers.ForEach(server => server.Dispose());
    }

    /// <summary>Ends the mapper. For a silent gateway, the clock must advance meanwhile.</summary>
    private async Task EndAsync(PortMapper mapper, double step = 0)
    {
        Task ended = mapper.DisposeAsync().AsTask();
        await UntilAsync(() => ended.IsCompleted, step);
        await ended;
    }

    [Fact]
    public async Task PCP_maps_both_protocols_renews_and_removes()
    {
        ScriptedPortServer gateway = Track(new ScriptedPortServer(request => [PcpAnswer(request)]));
        PortMapper mapper = Mapper(gateway.EndPoint);
        await UntilAsync(() => _log.Any(line => line.Contains("passes TCP and UDP port 6881 of 203.0.113.9", StringComparison.Ordinal)));
        Assert.Equal(Port, mapper.ExternalPort);
        Assert.Equal(2, gateway.Requests.Count);
        await _time.UntilTimerAsync(0, 1800);
        _time.Advance(TimeSpan.FromMinutes(30)); // renewed long before two hours are over
        await UntilAsync(() => gateway.Requests.Count >= 4);
        Assert.Equal(gateway.Requests.Take(2).Select(NonceOf), gateway.Requests.Skip(2).Take(2).Select(NonceOf));
        Assert.Single(_log);

        await EndAsync(mapper);
        byte[][] last = [.. gateway.Requests.TakeLast(2)];
        Assert.All(last, request => Assert.Equal(0, request[4] + request[5] + request[6] + request[7])); // a lifetime of zero
        Assert.Equal(gateway.Requests.Take(2).Select(NonceOf).Order(), last.Select(NonceOf).Order());
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task A_NAT_PMP_gateway_is_asked_in_NAT_PMP()
    {
        ScriptedPortServer gateway = Track(new ScriptedPortServer(request => request[0] == 2
            ? [[0, 0x81, 0, 1, 0, 0, 0, 1]]
            : request.Length == 2 ? [Convert.FromHexString("0080000000000001CB007109")]
            : [[0, (byte)(128 + request[1]), 0, 0, 0, 0, 0, 1, request[4], request[5], 0x9c, 0x40, .. request[8..12]]]));
        PortMapper mapper = Mapper(gateway.EndPoint);
        await UntilAsync(() => _log.Any(line => line.Contains("the NAT-PMP gateway 127.0.0.1 passes TCP and UDP port 40000 of 203.0.113.9 on to port 6881", StringComparison.Ordinal)) && Volatile.Read(ref _changes) > 0);
        Assert.Equal((40000, 1), (mapper.ExternalPort, _changes));

        await EndAsync(mapper);
        Assert.All(gateway.Requests.TakeLast(2), request => Assert.Equal("1AE1000000000000", Convert.ToHexString(request, 4, 8)));
    }

    [Theory]
    [InlineData("wrong nonce")]
    [InlineData("port 0")]
    [InlineData("short")]
    [InlineData("no")]
    [InlineData("silent")]
    public async Task A_hostile_answer_of_a_gateway_maps_nothing_and_is_reported_once(string kind)
    {
        ScriptedPortServer gateway = Track(new ScriptedPortServer(request => kind switch
        {
            "wrong nonce" => [PcpAnswer(request, nonce: new byte[12])],
            "port 0" => [PcpAnswer(request, external: 0)],
            "short" => [PcpAnswer(request)[..30], [], new byte[1500]],
            "no" => [PcpAnswer(request, result: 2)],
            _ => [],
        }));
        PortMapper mapper = Mapper(gateway.EndPoint);
        await UntilAsync(() => !_warnings.IsEmpty, 1);
        int asked = gateway.Requests.Count;
        await UntilAsync(() => gateway.Requests.Count > asked, 60); // tried again
        Assert.Contains("No port is mapped: ", Assert.Single(_warnings));
        Assert.Equal((Port, 0), (mapper.ExternalPort, _changes));
    }

    [Fact]
    public async Task UPnP_maps_and_removes()
    {
        ScriptedUpnpGateway gateway = Track(new ScriptedUpnpGateway());
        PortMapper mapper = Mapper(null, gateway.Search);
        await UntilAsync(() => _log.Any(line => line.Contains("the UPnP gateway 127.0.0.1 passes TCP and UDP port 6881 of 203.0.113.9", StringComparison.Ordinal)));
        Assert.Equal(["TCP 6881", "UDP 6881"], gateway.Table.Keys.Order());
        Assert.All(gateway.Table.Values, value => Assert.Equal("127.0.0.1:6881 3600", value));
        int calls = gateway.Calls.Count;
        await _time.UntilTimerAsync(0, 1800);
        _time.Advance(TimeSpan.FromMinutes(30));
        await UntilAsync(() => gateway.Calls.Count >= calls + 2); // renewed

        await EndAsync(mapper);
        Assert.Empty(gateway.Table);
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task A_port_mapped_to_another_machine_is_left_alone_for_both_protocols()
    {
        ScriptedUpnpGateway gateway = Track(new ScriptedUpnpGateway
        {
            // The TCP port is free; the UDP port is not.
            Refuses = request => request.Contains("AddPortMapping", StringComparison.Ordinal) && ScriptedUpnpGateway.ArgumentOf(request, "NewProtocol") == "UDP" && ScriptedUpnpGateway.ArgumentOf(request, "NewExternalPort") == "6881" ? 718 : 0,
        });
        PortMapper mapper = Mapper(null, gateway.Search);
        await UntilAsync(() => Volatile.Read(ref _changes) > 0); // reported after the port is set
        Assert.InRange(mapper.ExternalPort, 49152, 65535);
        Assert.Equal(1, _changes);
        Assert.Contains($"TCP {mapper.ExternalPort}", gateway.Table.Keys);
        Assert.Contains($"UDP {mapper.ExternalPort}", gateway.Table.Keys);
        await EndAsync(mapper);
        Assert.Empty(gateway.Table); // the one of the first attempt, too
    }

    [Fact]
    public async Task A_gateway_that_knows_only_permanent_leases_gets_one()
    {
        ScriptedUpnpGateway gateway = Track(new ScriptedUpnpGateway
        {
            Refuses = request => request.Contains("AddPortMapping", StringComparison.Ordinal) && ScriptedUpnpGateway.ArgumentOf(request, "NewLeaseDuration") != "0" ? 725 : 0,
        });
        PortMapper mapper = Mapper(null, gateway.Search);
        await UntilAsync(() => gateway.Table.Count == 2);
        await EndAsync(mapper);
        Assert.Empty(gateway.Table);
    }

    [Theory]
    [InlineData("no")]
    [InlineData("no gateway")]
    [InlineData("babble")]
    [InlineData("entity")]
    public async Task A_hostile_answer_of_a_device_is_a_warning(string kind)
    {
        ScriptedUpnpGateway gateway = Track(kind switch
        {
            "no" => new ScriptedUpnpGateway { Refuses = _ => 606 },
            "no gateway" => new ScriptedUpnpGateway { Description = UpnpDescriptionTests.Description(UpnpDescriptionTests.Service("ContentDirectory:1", "/c")) },
            "babble" => new ScriptedUpnpGateway { Babble = new string('<', 300_000) },
            _ => new ScriptedUpnpGateway { Description = "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>" },
        });
        PortMapper mapper = Mapper(null, gateway.Search);
        await UntilAsync(() => !gateway.Asked.IsEmpty);
        await UntilAsync(() => !_warnings.IsEmpty, 1);
        Assert.Equal(Port, mapper.ExternalPort);
        Assert.Empty(gateway.Table);
    }

    [Fact]
    public async Task It_ends_at_once_whatever_it_waits_for()
    {
        ScriptedPortServer silent = Track(new ScriptedPortServer(_ => []));
        PortMapper mapper = Mapper(silent.EndPoint);
        await UntilAsync(() => !silent.Requests.IsEmpty);
        await EndAsync(mapper, 0.1);
    }

    [Fact]
    public async Task Trackers_get_the_port_of_the_gateway()
    {
        Sample sample = Sample.Make(65536, 5, ("one.bin", 300_000));
        var announces = new ConcurrentQueue<TrackerRequest>();
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { OnAnnounce = announces.Enqueue });
        ScriptedPortServer gateway = Track(new ScriptedPortServer(request => [PcpAnswer(request, external: 40000)]));
        var options = new TorrentClientOptions { MapPorts = true, Gateways = Options(gateway.EndPoint, null), LocalDiscovery = false, OnWarning = _warnings.Enqueue };
        await using (SwarmMember seed = await SwarmMember.SeedAsync(sample, sample.Torrent.With([], tracker.AnnounceUri), client: options))
        {
            await UntilAsync(() => seed.LogText.Contains("passes TCP and UDP port 40000", StringComparison.Ordinal) && tracker.PeerCount > 0);
            await seed.StopAsync();
        }

        Assert.Equal(40000, announces.Last().EndPoint.Port);
        Assert.Equal(4, gateway.Requests.Count);
        Assert.All(gateway.Requests.TakeLast(2), request => Assert.Equal(0, request[6] + request[7]));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Nothing_is_mapped_unless_requested()
    {
        Sample sample = Sample.Make(65536, 5, ("one.bin", 300_000));
        ScriptedPortServer gateway = Track(new ScriptedPortServer(request => [PcpAnswer(request)]));
        await using (SwarmMember seed = await SwarmMember.SeedAsync(sample, client: new TorrentClientOptions { Gateways = Options(gateway.EndPoint, null) }))
        await using (SwarmMember member = SwarmMember.Download(sample.Torrent, null, [seed.EndPoint]))
            await member.EndAsync();
        Assert.Empty(gateway.Requests);
    }

    private static byte[] PcpAnswer(byte[] request, byte result = 0, int? external = null, byte[]? nonce = null)
    {
        int port = request[40] << 8 | request[41];
        return PortMessageTests.PcpAnswer(new PortRequest((ProtocolType)request[36], port, 0), nonce ?? request.AsSpan(24, 12), result,
            (uint)(request[4] << 24 | request[5] << 16 | request[6] << 8 | request[7]), external ?? port, "203.0.113.9");
    }

    private static string NonceOf(byte[] request) => Convert.ToHexString(request, 24, 12);

    private T Track<T>(T server)
        where T : IDisposable
    {
        _servers.Add(server);
        return server;
    }

    private static PortMapperOptions Options(IPEndPoint? gateway, IPEndPoint? search) => new()
    {
        Gateways = () => gateway is null ? [] : [gateway.Address],
        Port = gateway?.Port ?? 1,
        SearchGroup = search ?? new IPEndPoint(IPAddress.Loopback, 9),
    };

    private PortMapper Mapper(IPEndPoint? gateway, IPEndPoint? search = null)
    {
        var mapper = new PortMapper(Port, hasUdp: true, Options(gateway, search) with
        {
            TimeProvider = _time,
            Log = _log.Enqueue,
            OnWarning = _warnings.Enqueue,
            Changed = () => Interlocked.Increment(ref _changes),
        });
        _mappers.Add(mapper);
        return mapper;
    }

    /// <summary>Waits for a condition in real time, while the clock advances by a step, if any.</summary>
    private Task UntilAsync(Func<bool> condition, double step = 0) =>
        _time.UntilAsync(condition, step, report: () => $"\n{string.Join('\n', _log)}\n{string.Join('\n', _warnings)}");
}
