using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;
using static TorrentPS.Engine.Trackers.AnnounceEvent;

namespace TorrentPS.Engine.Tests.TrackerHosting;

public class TrackerServerTests
{
    private static readonly IPEndPoint s_loopback = new(IPAddress.Loopback, 0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_clients_learn_of_each_other()
    {
        var seen = new ConcurrentQueue<TrackerRequest>();
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { Interval = TimeSpan.FromSeconds(90), MinInterval = TimeSpan.FromSeconds(30), OnAnnounce = seen.Enqueue });
        HttpTracker tracker = Tracker(server);
        AnnounceResponse first = await tracker.AnnounceAsync(Client(1, Started), Token);
        Assert.Empty(first.Peers);
        AnnounceResponse second = await tracker.AnnounceAsync(Client(2, Started, left: 0), Token);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 1), Assert.Single(second.Peers).EndPoint);
        Assert.Equal((1, 1, 0), (second.Complete, second.Incomplete, second.Downloaded));
        Assert.Equal((TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(30)), (second.Interval, second.MinInterval));
        Assert.Equal(IPAddress.Loopback, second.ExternalAddress);
        Assert.Equal((2, 1, 2), (server.Announces, server.TorrentCount, server.PeerCount));
        TrackerRequest request = seen.First();
        Assert.Equal(DiscoveryData.Hash, request.InfoHash);
        Assert.Equal(DiscoveryData.PeerId, request.PeerId.ToArray());
        Assert.Equal((7, 8, 1000, 200, Started), (request.Uploaded, request.Downloaded, request.Left, request.NumWant, request.Event));
    }

    [Fact]
    public async Task Events_are_counted()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback);
        HttpTracker tracker = Tracker(server);
        await tracker.AnnounceAsync(Client(1, Started), Token);
        await tracker.AnnounceAsync(Client(2, Started), Token);
        Assert.Equal(new ScrapeCounts(0, 2, 0), await ScrapeAsync());
        await tracker.AnnounceAsync(Client(1, Completed, left: 0), Token);
        await tracker.AnnounceAsync(Client(1, Completed, left: 0), Token);
        Assert.Equal(new ScrapeCounts(1, 1, 1), await ScrapeAsync());
        Assert.Empty((await tracker.AnnounceAsync(Client(2, Stopped), Token)).Peers);
        Assert.Equal(new ScrapeCounts(1, 0, 1), await ScrapeAsync());
        await tracker.AnnounceAsync(Client(1, Stopped), Token);
        Assert.Equal(0, server.PeerCount);
        Assert.Equal(3, server.Scrapes);

        async Task<ScrapeCounts?> ScrapeAsync() => (await tracker.ScrapeAsync([DiscoveryData.Hash], null, Token)).Torrents[0];
    }

    [Fact]
    public async Task Several_torrents_are_scraped_and_unknown_ones_omitted()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback);
        var other = InfoHash.Create("abcdefghijabcdefghij"u8);
        await Tracker(server).AnnounceAsync(Client(1, Started), Token);
        await Tracker(server).AnnounceAsync(Client(1, Started, left: 0) with { InfoHash = other }, Token);
        var unknown = InfoHash.Create("xxxxxxxxxxxxxxxxxxxx"u8);
        Assert.Equal([new(1, 0, 0), null, new(0, 1, 0), new(1, 0, 0)],
            (await Tracker(server).ScrapeAsync([other, unknown, DiscoveryData.Hash, other], null, Token)).Torrents);
    }

    [Fact]
    public async Task Silent_peers_are_removed()
    {
        var time = new FakeTimeProvider();
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { TimeProvider = time, Interval = TimeSpan.FromMinutes(2) });
        await Tracker(server).AnnounceAsync(Client(1, Started), Token);
        time.Advance(TimeSpan.FromMinutes(3));
        Assert.Single((await Tracker(server).AnnounceAsync(Client(2, Started), Token)).Peers);
        time.Advance(TimeSpan.FromMinutes(3));
        Assert.Empty((await Tracker(server).AnnounceAsync(Client(2, None), Token)).Peers);
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal((0, 0), (server.TorrentCount, server.PeerCount));
    }

    [Fact]
    public async Task Peers_are_chosen_at_random_up_to_the_limits_and_seeders_get_no_seeders()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { MaxPeersPerAnswer = 5 });
        HttpTracker tracker = Tracker(server);
        for (int port = 1; port <= 10; port++)
            await tracker.AnnounceAsync(Client(port, Started, left: port <= 7 ? 0 : 1), Token);
        var seen = new HashSet<int>();
        for (int i = 0; i < 40; i++)
        {
            AnnounceResponse response = await tracker.AnnounceAsync(Client(100, None), Token);
            Assert.Equal(5, response.Peers.Count);
            seen.UnionWith(response.Peers.Select(peer => peer.EndPoint.Port));
        }
        Assert.Equal(Enumerable.Range(1, 10), seen.Order());
        Assert.Equal(2, (await tracker.AnnounceAsync(Client(100, None) with { NumWant = 2 }, Token)).Peers.Count);
        await tracker.AnnounceAsync(Client(100, Stopped), Token);
        Assert.Equal([8, 9, 10], (await tracker.AnnounceAsync(Client(1, None, left: 0), Token)).Peers.Select(peer => peer.EndPoint.Port).Order());
    }

    [Fact]
    public async Task Peers_of_both_families_are_returned_in_both_forms()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { TrustsGivenAddress = true });
        HttpTracker tracker = Tracker(server);
        await tracker.AnnounceAsync(Client(1, Started) with { Address = IPAddress.Parse("192.0.2.1") }, Token);
        await tracker.AnnounceAsync(Client(2, Started) with { Address = IPAddress.Parse("2001:db8::2") }, Token);
        AnnounceResponse compact = await tracker.AnnounceAsync(Client(3, Started), Token);
        Assert.Equal(["192.0.2.1:1", "[2001:db8::2]:2"], compact.Peers.Select(peer => peer.EndPoint.ToString()).Order(StringComparer.Ordinal));
        string target = AnnounceQuery.Announce(server.AnnounceUri, Client(3, None)).Replace("compact=1", "compact=0", StringComparison.Ordinal);
        string reply = await SendAsync(server, $"GET {target} HTTP/1.1\r\nConnection: close\r\n\r\n");
        AnnounceResponse dictionary = TrackerReply.ReadAnnounce(Encoding.Latin1.GetBytes(reply[(reply.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]), server.AnnounceUri);
        Assert.Equal(["192.0.2.1:1", "[2001:db8::2]:2"], dictionary.Peers.Select(peer => peer.EndPoint.ToString()).Order(StringComparer.Ordinal));
        Assert.All(dictionary.Peers, peer => Assert.Equal(DiscoveryData.PeerId, peer.PeerId.ToArray()));
        string short_ = await SendAsync(server, $"GET {target}&no_peer_id=1 HTTP/1.1\r\nConnection: close\r\n\r\n");
        Assert.DoesNotContain("peer id", short_, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_given_address_is_ignored_by_default()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback);
        await Tracker(server).AnnounceAsync(Client(1, Started) with { Address = IPAddress.Parse("192.0.2.1") }, Token);
        Assert.Equal(IPAddress.Loopback, Assert.Single((await Tracker(server).AnnounceAsync(Client(2, Started), Token)).Peers).EndPoint.Address);
    }

    [Fact]
    public async Task Only_allowed_torrents_are_served()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { AllowedTorrents = [InfoHash.Create(new byte[20])] });
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => Tracker(server).AnnounceAsync(Client(1, Started), Token));
        Assert.Equal(TorrentErrorId.TrackerFailure, error.ErrorId);
        Assert.StartsWith("this torrent is not served here", error.Message, StringComparison.Ordinal);
        await Tracker(server).AnnounceAsync(Client(1, Started) with { InfoHash = InfoHash.Create(new byte[20]) }, Token);
    }

    [Fact]
    public async Task Torrents_and_peers_are_limited()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { MaxTorrents = 1, MaxPeersPerTorrent = 2 });
        for (int port = 1; port <= 3; port++)
            await Tracker(server).AnnounceAsync(Client(port, Started), Token);
        Assert.Equal(2, server.PeerCount);
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => Tracker(server).AnnounceAsync(Client(1, Started) with { InfoHash = InfoHash.Create(new byte[20]) }, Token));
        Assert.Contains("as many torrents as it can", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/announce", "200", "info_hash is missing")]
    [InlineData("/announce?info_hash=abc", "200", "info_hash is missing")]
    [InlineData("/announce?info_hash=aaaaaaaaaaaaaaaaaaaa", "200", "peer_id is missing")]
    [InlineData("/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=aaaaaaaaaaaaaaaaaaaa&port=0", "200", "port is missing")]
    [InlineData("/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=aaaaaaaaaaaaaaaaaaaa&port=1&event=x", "200", "event is none of")]
    [InlineData("/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=%61aaaaaaaaaaaaaaaaaa%&port=1&left=-9&numwant=99999999999", "200", "8:intervali600e")]
    [InlineData("/scrape", "200", "info_hash is missing")]
    [InlineData("/", "404", "")]
    public async Task Wrong_requests_get_an_error(string target, string status, string expected)
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback);
        string reply = await SendAsync(server, $"GET {target} HTTP/1.1\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", reply, StringComparison.Ordinal);
        Assert.Contains(expected, reply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST /announce HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 405 ")]
    [InlineData("GET /announce\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("GET http://x/announce HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("\0\u0001\u0002\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ")]
    public async Task Anything_but_a_GET_ends_the_connection(string request, string expected)
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback);
        Assert.StartsWith(expected, await SendAsync(server, request), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_that_is_too_long_is_refused()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback);
        Assert.StartsWith("HTTP/1.1 431 ", await SendAsync(server, "GET /" + new string('a', 16 * 1024 - 5)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_is_kept_for_later_and_pipelined_requests()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback);
        string reply = await SendAsync(server, "GET /a HTTP/1.1\r\n\r\nGET /scrape HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\nGET /c HTTP/1.1\r\n\r\n");
        Assert.Equal(4, reply.Split("HTTP/1.1 ").Length);
    }

    [Fact]
    public async Task A_slow_client_is_disconnected()
    {
        var time = new FakeTimeProvider();
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { TimeProvider = time });
        using var client = new TcpClient();
        await client.ConnectAsync(server.EndPoint, Token);
        // The first request is answered, so the server waits for the second.
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\nGET /"u8.ToArray(), Token);
        byte[] buffer = new byte[4096];
        Assert.True(await client.GetStream().ReadAsync(buffer, Token) > 0);
        Task<int> end = client.GetStream().ReadAsync(buffer, Token).AsTask();
        await time.UntilAsync(() => end.IsCompleted, 15);
        Assert.Equal(0, await end);
    }

    [Fact]
    public async Task Connections_are_limited_and_freed()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { MaxConnections = 1 });
        using var first = new TcpClient();
        await first.ConnectAsync(server.EndPoint, Token);
        await first.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Token);
        byte[] buffer = new byte[4096];
        Assert.True(await first.GetStream().ReadAsync(buffer, Token) > 0);
        using var second = new TcpClient();
        await second.ConnectAsync(server.EndPoint, Token);
        Assert.Equal(0, await second.GetStream().ReadAsync(buffer, Token));
    }

    [Fact]
    public async Task Disposing_closes_everything_and_frees_the_port()
    {
        TrackerServer server = TrackerServer.Start(s_loopback);
        using var client = new TcpClient();
        await client.ConnectAsync(server.EndPoint, Token);
        await server.DisposeAsync();
        await using TrackerServer again = TrackerServer.Start(server.EndPoint);
        Assert.Equal(server.EndPoint, again.EndPoint);
    }

    [Fact]
    public async Task It_listens_on_IPv6()
    {
        if (!Socket.OSSupportsIPv6)
            Assert.Skip("IPv6 is not enabled on this machine: enable it, at least on the loopback interface.");
        await using TrackerServer server = TrackerServer.Start(new IPEndPoint(IPAddress.IPv6Any, 0));
        Assert.Equal($"http://[::1]:{server.EndPoint.Port}/announce", server.AnnounceUri.ToString());
        await Tracker(server).AnnounceAsync(Client(1, Started), Token);
        var v4 = new HttpTracker(new Uri($"http://127.0.0.1:{server.EndPoint.Port}/announce"), new HttpFetch(TimeProvider.System));
        AnnounceResponse response = await v4.AnnounceAsync(Client(2, Started), Token);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 1), Assert.Single(response.Peers).EndPoint);
        Assert.Equal(IPAddress.Loopback, response.ExternalAddress);
        using var factory = new TrackerFactory(new HttpFetch(TimeProvider.System));
        response = await factory.Create(server.UdpAnnounceUri!).AnnounceAsync(Client(3, Started), Token);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 1), Assert.Single(response.Peers).EndPoint);
        response = await factory.Create(new Uri($"udp://127.0.0.1:{server.EndPoint.Port}")).AnnounceAsync(Client(4, Started), Token);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 2), Assert.Single(response.Peers).EndPoint);
    }

    [Fact]
    public async Task Both_protocols_serve_the_same_torrents_on_the_same_port()
    {
        var seen = new ConcurrentQueue<TrackerRequest>();
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { OnAnnounce = seen.Enqueue });
        using var factory = new TrackerFactory(new HttpFetch(TimeProvider.System));
        Assert.Equal($"udp://127.0.0.1:{server.EndPoint.Port}/announce", server.UdpAnnounceUri?.ToString());
        ITracker udp = factory.Create(server.UdpAnnounceUri!);
        Assert.Empty((await udp.AnnounceAsync(Client(1, Started), Token)).Peers);
        Assert.Equal(1, Assert.Single((await Tracker(server).AnnounceAsync(Client(2, Started, left: 0), Token)).Peers).EndPoint.Port);
        AnnounceResponse response = await udp.AnnounceAsync(Client(1, None), Token);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 2), Assert.Single(response.Peers).EndPoint);
        Assert.Equal((1, 1, TimeSpan.FromMinutes(10)), (response.Complete, response.Incomplete, response.Interval));
        Assert.Equal([new(1, 1, 0), new(0, 0, 0)], (await udp.ScrapeAsync([DiscoveryData.Hash, InfoHash.Create(new byte[20])], null, Token)).Torrents);
        Assert.Equal([true, false, true], seen.Select(request => request.IsUdp));
        Assert.Equal("/announce", seen.First().Target);
        Assert.Equal((3, 1), (server.Announces, server.Scrapes));
        Assert.Empty((await udp.AnnounceAsync(Client(1, Stopped), Token)).Peers);
        Assert.Equal(1, server.PeerCount);
    }

    [Fact]
    public async Task A_protocol_can_be_disabled()
    {
        await using TrackerServer udp = TrackerServer.Start(s_loopback, new TrackerServerOptions { Http = false });
        Assert.Equal(udp.UdpAnnounceUri, udp.AnnounceUri);
        // The other half of the port is free for the other protocol.
        await using TrackerServer http = TrackerServer.Start(udp.EndPoint, new TrackerServerOptions { Udp = false });
        Assert.Null(http.UdpAnnounceUri);
        Assert.Throws<SocketException>(() => TrackerServer.Start(udp.EndPoint, new TrackerServerOptions { Http = false }));
        Assert.Throws<ArgumentException>(() => TrackerServer.Start(s_loopback, new TrackerServerOptions { Http = false, Udp = false }));
    }

    [Fact]
    public async Task A_client_cannot_take_all_connections()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { MaxConnectionsPerAddress = 1 });
        using var first = new TcpClient();
        await first.ConnectAsync(server.EndPoint, Token);
        await first.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Token);
        byte[] buffer = new byte[4096];
        Assert.True(await first.GetStream().ReadAsync(buffer, Token) > 0);
        using (var second = new TcpClient())
        {
            await second.ConnectAsync(server.EndPoint, Token);
            Assert.Equal(0, await second.GetStream().ReadAsync(buffer, Token));
        }
        using var other = new TcpClient(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        await other.ConnectAsync(server.EndPoint, Token);
        await other.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Token);
        Assert.True(await other.GetStream().ReadAsync(buffer, Token) > 0);
    }

    [Fact]
    public async Task When_all_connections_are_taken_the_client_with_most_loses_one()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { MaxConnections = 3, MaxConnectionsPerAddress = 3 });
        using TcpClient one = await ConnectAsync(server, "127.0.0.2"), two = await ConnectAsync(server, "127.0.0.2"), three = await ConnectAsync(server, "127.0.0.2");
        using TcpClient first = await ConnectAsync(server, "127.0.0.3"), second = await ConnectAsync(server, "127.0.0.4");

        byte[] buffer = new byte[4096];
        Assert.Equal(0, await one.GetStream().ReadAsync(buffer, Token));
        Assert.Equal(0, await two.GetStream().ReadAsync(buffer, Token));
        using var refused = new TcpClient(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        await refused.ConnectAsync(server.EndPoint, Token);
        Assert.Equal(0, await refused.GetStream().ReadAsync(buffer, Token));
        await first.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Token);
        Assert.True(await first.GetStream().ReadAsync(buffer, Token) > 0);
    }

    /// <summary>A connection without a request. The server accepts connections in order; when it waits again after an answer does not affect that order.</summary>
    private static async Task<TcpClient> ConnectAsync(TrackerServer server, string from)
    {
        var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(server.EndPoint, Token);
        return client;
    }

    [Fact]
    public async Task All_torrents_together_have_a_limit()
    {
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions { MaxPeers = 2 });
        await Tracker(server).AnnounceAsync(Client(1, Started), Token);
        await Tracker(server).AnnounceAsync(Client(2, Started) with { InfoHash = InfoHash.Create(new byte[20]) }, Token);
        Assert.Equal(2, (await Tracker(server).AnnounceAsync(Client(3, Started) with { NumWant = 9 }, Token)).Peers.Count + 1);
        Assert.Equal(2, server.PeerCount);
        await Tracker(server).AnnounceAsync(Client(1, Stopped), Token);
        await Tracker(server).AnnounceAsync(Client(3, Started), Token);
        Assert.Equal((2, 2), (server.PeerCount, server.TorrentCount));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_fault_with_one_client_affects_only_that_client(bool byUdp)
    {
        ConcurrentQueue<string> log = [];
        ConcurrentQueue<TrackerRequest> seen = [];
        int count = 0;
        await using TrackerServer server = TrackerServer.Start(s_loopback, new TrackerServerOptions
        {
            OnAnnounce = request => seen.Enqueue(++count == 1 ? throw new InvalidOperationException("injected") : request),
            Log = log.Enqueue,
        });
        if (byUdp)
        {
            await AnnounceTwiceAsync(server.EndPoint);
        }
        else
        {
            await Assert.ThrowsAsync<TorrentException>(() => Tracker(server).AnnounceAsync(Client(1, Started), Token));
            await Tracker(server).AnnounceAsync(Client(2, Started), Token);
        }

        Assert.Single(seen);
        Assert.Contains("by a fault of this program: System.InvalidOperationException: injected", Assert.Single(log), StringComparison.Ordinal);
    }

    /// <summary>Announces over UDP twice without waiting for the first answer; waits for one answer.</summary>
    private static async Task AnnounceTwiceAsync(IPEndPoint to)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(to, Token);
        byte[] buffer = new byte[2048];
        await socket.SendAsync(buffer.AsMemory(0, UdpTrackerRequest.WriteConnect(buffer, 1)), Token);
        Assert.Equal(16, await socket.ReceiveAsync(buffer, Token));
        byte[] announce = [.. buffer[8..16], 0, 0, 0, 1, 0, 0, 0, 2, .. DiscoveryData.Hash.Wire, .. DiscoveryData.PeerId, .. new byte[40], 0x1A, 0xE1];
        await socket.SendAsync(announce, Token);
        await socket.SendAsync(announce, Token);
        Assert.Equal(1, (await socket.ReceiveAsync(buffer, Token), buffer[3]).Item2);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        foreach (TrackerServerOptions options in new TrackerServerOptions[]
        {
            new() { Interval = TimeSpan.Zero },
            new() { Interval = TimeSpan.FromSeconds(5), MinInterval = TimeSpan.FromSeconds(6) },
            new() { MaxTorrents = 0 },
            new() { MaxPeers = 0 },
            new() { MaxConnectionsPerAddress = 0 },
            new() { MaxPeersPerAnswer = 2001 },
        })
            Assert.Throws<ArgumentOutOfRangeException>(() => TrackerServer.Start(s_loopback, options));
    }

    private static HttpTracker Tracker(TrackerServer server) => new(server.AnnounceUri, new HttpFetch(TimeProvider.System));

    private static AnnounceRequest Client(int port, AnnounceEvent announceEvent, long left = 1000) =>
        DiscoveryData.Request(announceEvent) with { Port = port, Statistics = new AnnounceStatistics(7, 8, left) };

    // Everything received until the server closes.
    private static async Task<string> SendAsync(TrackerServer server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.EndPoint, Token);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), Token);
        using var reply = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(reply, Token);
        }
        catch (IOException)
        {
            // Unread bytes at the server's close reset the connection.
        }
        return Encoding.Latin1.GetString(reply.ToArray());
    }
}
