using System.Collections.Concurrent;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Tests.Net;

/// <summary>A client bound to an address or interface uses no other.</summary>
public sealed class NetworkBindingTests
{
    private const string Bound = "127.0.0.5"; // on Linux, all of 127.0.0.0/8 is this machine

    private static readonly Sample s_sample = Sample.Make(65536, 5, ("one.bin", 1_000_000));
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("no such interface", "neither an IP address nor a network interface")]
    [InlineData("", "neither an IP address nor a network interface")]
    [InlineData("203.0.113.77", "not an address of this machine")]
    [InlineData("2001:db8::77", "not an address of this machine")]
    [InlineData("0.0.0.0", "stands for all addresses")]
    [InlineData("::", "stands for all addresses")]
    [InlineData("224.0.0.1", "the address of no machine")]
    public void A_binding_that_the_machine_does_not_have_is_an_error(string text, string part) =>
        Assert.Contains(part, Assert.Throws<FormatException>(() => NetworkBinding.Parse(text)).Message);

    [Fact]
    public void The_same_is_equal()
    {
        Assert.Equal(NetworkBinding.Parse("127.0.0.1"), NetworkBinding.Parse("::ffff:127.0.0.1"));
        Assert.Equal(("127.0.0.1", null), ($"{NetworkBinding.Parse("127.0.0.1").Address}", NetworkBinding.Parse("127.0.0.1").Interface));
    }

    [Theory]
    [InlineData(PeerTransport.Tcp)]
    [InlineData(PeerTransport.Utp)]
    public async Task A_download_and_its_trackers_see_no_other_address(PeerTransport transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Loopback has one address here.");
        var announces = new ConcurrentQueue<TrackerRequest>();
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { OnAnnounce = announces.Enqueue });
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { Transport = transport });
        Torrent torrent = s_sample.Torrent.With([], tracker.AnnounceUri, new Uri($"udp://127.0.0.1:{tracker.EndPoint.Port}/announce"));
        var client = new TorrentClientOptions { Binding = NetworkBinding.Parse(Bound), LocalDiscovery = true };
        await using SwarmMember member = SwarmMember.Download(torrent, null, [seed.EndPoint], options => options with { Transport = transport }, client);
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, member.LogText);
        Assert.Contains($"Peer {Bound}:", seed.LogText);
        Assert.DoesNotContain("Peer 127.0.0.1:", seed.LogText);
        Assert.NotEmpty(announces);
        Assert.All(announces, announce => Assert.Equal(Bound, $"{announce.EndPoint.Address}"));
    }

    [Fact]
    public async Task It_listens_only_there()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Loopback has one address here.");
        await using PeerListener listener = PeerListener.Start(0, required: false, stream => stream.Dispose(), NetworkBinding.Parse(Bound));
        using (await NetworkRoute.Direct.ConnectAsync(new IPEndPoint(IPAddress.Parse(Bound), listener.Port), Token))
        {
        }

        foreach (string other in (string[])["127.0.0.1", "127.0.0.6"])
        {
            SocketException refused = await Assert.ThrowsAsync<SocketException>(() => NetworkRoute.Direct.ConnectAsync(new IPEndPoint(IPAddress.Parse(other), listener.Port), Token));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        }
    }

    [Fact]
    public async Task Datagrams_leave_from_the_bound_address_and_other_families_are_unreachable()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Loopback has one address here.");
        await using UdpPort open = UdpPort.Open(0);
        await using UdpPort bound = UdpPort.Open(0, null, NetworkBinding.Parse(Bound));
        var listener = new Listener();
        open.AttachDht(listener);
        bound.Send("d"u8, new IPEndPoint(IPAddress.IPv6Loopback, open.Port));
        bound.Send("d"u8, new IPEndPoint(IPAddress.Loopback, open.Port));
        IPEndPoint from = await listener.From.Task.WaitAsync(s_limit, Token);
        Assert.Equal(new IPEndPoint(IPAddress.Parse(Bound), bound.Port), from);
        Assert.Equal((true, false), (bound.HasV4, bound.HasV6));
        var route = new NetworkRoute(binding: NetworkBinding.Parse(Bound));
        SocketException exception = await Assert.ThrowsAsync<SocketException>(() => route.ConnectAsync(new IPEndPoint(IPAddress.IPv6Loopback, 9), Token));
        Assert.Equal(SocketError.AddressFamilyNotSupported, exception.SocketErrorCode);
    }

    [Fact]
    public async Task An_IPv6_address_is_one_too()
    {
        if (!Socket.OSSupportsIPv6)
            return;
        await using UdpPort open = UdpPort.Open(0);
        await using UdpPort bound = UdpPort.Open(0, null, NetworkBinding.Parse("[::1]"));
        var listener = new Listener();
        open.AttachDht(listener);
        bound.Send("d"u8, new IPEndPoint(IPAddress.Loopback, open.Port)); // not delivered, without an error
        bound.Send("d"u8, new IPEndPoint(IPAddress.IPv6Loopback, open.Port));
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, bound.Port), await listener.From.Task.WaitAsync(s_limit, Token));
        Assert.Equal((false, true), (bound.HasV4, bound.HasV6));
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample);
        await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, null, [new IPEndPoint(IPAddress.IPv6Loopback, seed.EndPoint.Port)], client: new TorrentClientOptions { Binding = NetworkBinding.Parse("::1") });
        Assert.True((await member.EndAsync()).State == TorrentState.Completed, member.LogText);
    }

    [Fact]
    public async Task A_proxy_and_a_web_seed_are_reached_from_the_bound_address()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Loopback has one address here.");
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        int port = ((IPEndPoint)server.LocalEndpoint).Port;
        var route = new NetworkRoute(ProxyServer.Parse(new Uri($"socks5://localhost:{port}")), null, NetworkBinding.Parse(Bound));
        Task<Socket> connecting = route.ConnectAsync(new DnsEndPoint("peer.invalid", 1), Token);
        Assert.Equal(Bound, await SourceAsync());
        await Assert.ThrowsAsync<ProxyException>(() => connecting);

        Torrent torrent = s_sample.Torrent.With([new Uri($"http://127.0.0.1:{port}/one.bin")]);
        await using SwarmMember member = SwarmMember.Download(torrent, null, [], client: new TorrentClientOptions { Binding = NetworkBinding.Parse(Bound) });
        Assert.Equal(Bound, await SourceAsync());

        async Task<string> SourceAsync()
        {
            using Socket socket = await server.AcceptSocketAsync(Token).AsTask().WaitAsync(s_limit, Token);
            return $"{((IPEndPoint)socket.RemoteEndPoint!).Address}";
        }
    }

    [Fact]
    public async Task A_name_without_an_address_of_the_family_is_an_error()
    {
        var route = new NetworkRoute(binding: NetworkBinding.Parse("127.0.0.1"));
        var http = new HttpFetch(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.IPv6Loopback]), route: route);
        HttpFetchException exception = await Assert.ThrowsAsync<HttpFetchException>(() => http.ResolveAsync(NamedAddress.OfTracker(new Uri("http://six.example/announce")), Token));
        Assert.Contains("no address that can be reached from 127.0.0.1", exception.Message);
    }

    [Fact]
    public async Task Only_the_bound_interface_is_listened_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Interfaces have other names here.");
        await using (PeerListener here = PeerListener.Start(0, required: false, stream => stream.Dispose(), NetworkBinding.Parse("lo")))
        {
            using Socket socket = await new NetworkRoute(binding: NetworkBinding.Parse("lo")).ConnectAsync(new IPEndPoint(IPAddress.Loopback, here.Port), Token);
            Assert.True(socket.Connected);
        }

        NetworkInterface? other = NetworkInterface.GetAllNetworkInterfaces().FirstOrDefault(network => network.NetworkInterfaceType != NetworkInterfaceType.Loopback);
        Assert.SkipWhen(other is null, "There is no interface but loopback.");
        await using PeerListener elsewhere = PeerListener.Start(0, required: false, stream => stream.Dispose(), NetworkBinding.Parse(other.Name));
        await Assert.ThrowsAsync<SocketException>(() => NetworkRoute.Direct.ConnectAsync(new IPEndPoint(IPAddress.Loopback, elsewhere.Port), Token));
    }

    private sealed class Listener : IDatagramConsumer
    {
        public TaskCompletionSource<IPEndPoint> From { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Receive(ReadOnlySpan<byte> datagram, IPEndPoint from) => From.TrySetResult(from);
    }
}
