using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Tests.Http;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;
using TorrentPS.Engine.Trackers;
using static TorrentPS.Engine.Tests.Discovery.DiscoveryData;

namespace TorrentPS.Engine.Tests.Trackers;

/// <summary>Broken and hostile trackers.</summary>
public class BadTrackerTests
{
    private const string OnePeer = "d8:intervali900e5:peers6:\xc0\0\x02\x07\0\x50" + "e";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static HttpTracker Tracker(Uri uri, HttpFetch? http = null) => new(uri, http ?? new HttpFetch(TimeProvider.System));

    private static async Task<string> FailureAsync(Task<AnnounceResponse> announce)
    {
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => announce);
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        return error.Message;
    }

    public static TheoryData<string, string, string> Endless() => new()
    {
        { "HTTP/1.1 200 OK\r\n\r\n", "d8:intervali900e", "longer than 1048576 bytes" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\nxxxx\r\n", "longer than 1048576 bytes" },
        { "HTTP/1.1 200 OK\r\n", "X-More: and more\r\n", "more than 200 header lines" },
        { "HTTP/1.1 200 OK\r\nX: ", "yyyyyyyyyyyyyyyy", "too long a header line" },
        { "", "HTTP/1.1 102 Processing\r\n\r\n", "" },
        { "", "zzzzzzzzzzzzzzzz", "too long a header line" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1;xxxxxxxxxxxxxxxxxxx\r\ny\r\n", "longer than 1048576 bytes" },
        { "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\u001f\u008b", "qqqqqqqqqqqq", "longer than 1048576 bytes" },
    };

    [Theory]
    [MemberData(nameof(Endless))]
    public async Task An_endless_reply_ends_at_the_limit(string beginning, string again, string expected)
    {
        using var server = new EndlessServer(beginning, again);
        Assert.Contains(expected, await FailureAsync(Tracker(server.Announce).AnnounceAsync(Request(), Token)), StringComparison.Ordinal);
        // Bytes beyond the limits are in the system's buffers.
        Assert.InRange(await server.Sent.WaitAsync(TimeSpan.FromMinutes(5), Token), 1, 64L << 20);
    }

    [Fact]
    public async Task A_reply_that_drips_times_out_like_a_silent_tracker()
    {
        var time = new FakeTimeProvider();
        using var server = new EndlessServer("HTTP/1.1 200 OK\r\n\r\n", "d", time);
        Task<AnnounceResponse> announce = Tracker(server.Announce, new HttpFetch(time)).AnnounceAsync(Request(), Token);
        await time.UntilAsync(() => announce.IsCompleted, 1);
        Assert.Contains("no answer within 20 s", await FailureAsync(announce), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_million_peers_are_too_many(bool compact)
    {
        byte[] one = compact ? [192, 0, 2, 7, 0, 80] : "d2:ip9:192.0.2.74:porti80ee"u8.ToArray();
        byte[] body = new byte[1_000_000 * one.Length];
        for (int i = 0; i < 1_000_000; i++)
            one.CopyTo(body, i * one.Length);
        byte[] reply = compact ? [.. "d5:peers6000000:"u8, .. body, (byte)'e'] : [.. "d5:peersl"u8, .. body, .. "ee"u8];
        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply(reply));
        Assert.Contains("longer than 1048576 bytes", await FailureAsync(Tracker(server.Announce).AnnounceAsync(Request(), Token)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_circle_of_redirects_ends()
    {
        ScriptedHttpServer? other = null;
        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Redirect(other!.Announce.ToString()));
        using (other = new ScriptedHttpServer(_ => ScriptedHttpServer.Redirect(server.Announce.ToString(), "308 Permanent Redirect")))
        {
            Assert.Contains("redirects more than 5 times", await FailureAsync(Tracker(server.Announce).AnnounceAsync(Request(), Token)), StringComparison.Ordinal);
            Assert.Equal((3, 3), (server.Requests.Count, other.Requests.Count));
        }
    }

    /// <summary>IPv6 addresses count as "Internet" here, so that both are on this machine.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_redirect_from_the_Internet_into_the_local_network_is_followed_only_when_allowed(bool isAllowed)
    {
        using var local = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply(OnePeer));
        using var internet = new EndlessServer($"HTTP/1.1 302 Found\r\nLocation: http://printer.example.com:{local.Port}/announce\r\n\r\n", "", address: IPAddress.IPv6Loopback);
        var http = new HttpFetch(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]), new ReachRules(address => address.AddressFamily == AddressFamily.InterNetwork ? AddressReach.Machine : AddressReach.World, () => isAllowed));
        Task<AnnounceResponse> announce = Tracker(internet.Announce, http).AnnounceAsync(Request(), Token);
        if (isAllowed)
        {
            Assert.Single((await announce).Peers);
            return;
        }

        string message = await FailureAsync(announce);
        Assert.Contains("from the Internet into the local network", message, StringComparison.Ordinal);
        Assert.Contains(TrackerTargets.Variable, message, StringComparison.Ordinal);
        Assert.Empty(local.Requests);
    }

    [Theory]
    [InlineData("http://tracker.example.com/announce", "127.0.0.1", "leads into the local network")]
    [InlineData("http://tracker.example.com/announce", "10.1.2.3", "leads into the local network")]
    [InlineData("http://tracker.example.com./announce", "192.168.0.1", "leads into the local network")]
    [InlineData("http://tracker.example.com/announce", "::1", "leads into the local network")]
    [InlineData("http://tracker.example.com/announce", "fd00::1", "leads into the local network")]
    [InlineData("http://tracker.example.com/announce", "0.0.0.0", "leads into the local network")]
    [InlineData("http://tracker.example.com/announce", "64:ff9b::7f00:1", "leads into the local network")]
    [InlineData("http://tracker.example.com/announce", "169.254.169.254", "link-local")]
    [InlineData("udp://tracker.example.com:80/announce", "127.0.0.1", "leads into the local network")]
    [InlineData("udp://tracker.example.com:80/announce", "fe80::1", "link-local")]
    [InlineData("http://169.254.169.254/announce", null, "link-local")]
    [InlineData("http://[fe80::1]/announce", null, "link-local")]
    [InlineData("http://127.0.0.1/api/delete?all=1", null, "on this machine")]
    [InlineData("http://0.0.0.0/api/delete?all=1", null, "on this machine")]
    [InlineData("http://[::ffff:127.0.0.1]/api/delete?all=1", null, "on this machine")]
    [InlineData("http://192.168.1.1/reboot?now=1", null, "in the local network")]
    [InlineData("http://router.lan/reboot", "192.168.1.1", "in the local network")]
    [InlineData("udp://239.192.152.143:6771", null, "no address of a machine")]
    [InlineData("udp://255.255.255.255:80/announce", null, "no address of a machine")]
    public async Task Addresses_in_the_local_network_that_are_not_trackers_are_not_contacted(string uri, string? address, string expected)
    {
        // A connection would fail, with another message.
        var http = new HttpFetch(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(address!)]));
        using var factory = new TrackerFactory(http);
        Assert.Contains(expected, await FailureAsync(factory.Create(new Uri(uri)).AnnounceAsync(Request(), Token)), StringComparison.Ordinal);
        TorrentException scrape = await Assert.ThrowsAsync<TorrentException>(() => factory.Create(new Uri(uri)).ScrapeAsync([Hash], TimeSpan.FromSeconds(5), Token));
        Assert.Equal(TorrentErrorId.TrackerUnreachable, scrape.ErrorId);
    }

    [Theory]
    [InlineData("localhost", false)]
    [InlineData("nas", false)]
    [InlineData("nas.lan", false)]
    [InlineData("nas.local", false)]
    [InlineData("tracker.home.arpa", false)]
    [InlineData("tracker.example.com", true)]
    public async Task A_tracker_in_the_LAN_works_by_a_local_name_and_by_any_name_when_allowed(string host, bool isAllowed)
    {
        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply(OnePeer));
        var http = new HttpFetch(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]), new ReachRules(isLifted: () => isAllowed));
        Assert.Single((await Tracker(new Uri($"http://{host}:{server.Port}/announce"), http).AnnounceAsync(Request(), Token)).Peers);
    }

    [Fact]
    public async Task Local_addresses_of_a_name_with_several_are_left_out()
    {
        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply(OnePeer));
        var http = new HttpFetch(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254"), IPAddress.Loopback]));
        Assert.Single((await Tracker(new Uri($"http://tracker.lan:{server.Port}/announce"), http).AnnounceAsync(Request(), Token)).Peers);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void A_nonsensical_UDP_interval_is_ignored_and_a_huge_one_is_capped(int interval)
    {
        byte[] datagram = new byte[UdpTrackerReply.AnnounceLength];
        UdpTrackerReply.WriteAnnounce(datagram, 1, interval, 0, 0);
        TimeSpan? read = UdpTrackerReply.ReadAnnounce(datagram, IPAddress.Loopback, new Uri("udp://127.0.0.1:80")).Interval;
        Assert.Equal(interval > 0 ? TimeSpan.FromDays(7) : null, read);
    }

    [Fact]
    public async Task A_huge_datagram_is_truncated()
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)socket.Client.LocalEndPoint!).Port;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task serving = Task.Run(async () =>
        {
            while (true)
            {
                UdpReceiveResult request = await socket.ReceiveAsync(stop.Token);
                var action = (UdpTrackerAction)BinaryPrimitives.ReadInt32BigEndian(request.Buffer.AsSpan(8));
                uint transaction = BinaryPrimitives.ReadUInt32BigEndian(request.Buffer.AsSpan(12));
                byte[] reply = new byte[action == UdpTrackerAction.Connect ? UdpTrackerReply.ConnectLength : 60_020];
                if (action == UdpTrackerAction.Connect)
                    UdpTrackerReply.WriteConnect(reply, transaction, 77);
                else
                    UdpTrackerReply.WriteAnnounce(reply, transaction, 900, 1, 1);
                for (int i = UdpTrackerReply.AnnounceLength; i + 6 <= reply.Length; i += 6)
                {
                    BinaryPrimitives.WriteInt32BigEndian(reply.AsSpan(i), (11 << 24) + i);
                    reply[i + 5] = 80;
                }

                await socket.SendAsync(reply, request.RemoteEndPoint, stop.Token);
            }
        }, Token);
        using var factory = new TrackerFactory(new HttpFetch(TimeProvider.System));
        AnnounceResponse response = await factory.Create(new Uri($"udp://127.0.0.1:{port}/announce")).AnnounceAsync(Request(), Token);
        Assert.InRange(response.Peers.Count, 1, PeerCollector.MaxPeers);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    [Fact]
    public async Task A_tracker_that_returns_ourselves_and_nonsense_does_no_harm()
    {
        Sample sample = Sample.Make(16384, 41, ("data.bin", 100_000));
        using ScriptedSeed seed = new(sample);
        SwarmMember? leecher = null;
        // Our own address first, then impossible addresses.
        using var server = new ScriptedHttpServer(request => ScriptedHttpServer.Reply(
            [.. "d8:intervali900e5:peers30:"u8, 127, 0, 0, 1, .. Port(OwnPort(request)), 0, 0, 0, 0, 0, 80, 255, 255, 255, 255, 0, 80, 224, 0, 0, 1, 0, 80, 127, 0, 0, 1, .. Port(seed.EndPoint.Port), (byte)'e']));
        await using (leecher = SwarmMember.Download(sample.Torrent.WithTracker(server.Announce), null, []))
        {
            TorrentDownload result = await leecher.EndAsync();
            Assert.True(result.State == TorrentState.Completed, $"{result.Error}\n{leecher.LogText}");
            Assert.Equal(1, result.PeersSeen);
            Assert.DoesNotContain("SelfConnection", leecher.LogText, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_tracker_that_dies_and_comes_back_is_found_again_by_a_download()
    {
        Sample sample = Sample.Make(16384, 42, ("data.bin", 100_000));
        FakeTimeProvider time = new();
        using ScriptedSeed seed = new(sample);
        bool isAlive = false;
        using var server = new ScriptedHttpServer(_ => isAlive
            ? ScriptedHttpServer.Reply([.. "d8:intervali60e5:peers6:"u8, 127, 0, 0, 1, .. Port(seed.EndPoint.Port), (byte)'e'])
            : ScriptedHttpServer.Reply("gone", "502 Bad Gateway"));
        using ScriptedSeed silent = new(sample) { Begin = new TaskCompletionSource().Task }; // a connected peer, without which the download would fail with NoPeers
        await using SwarmMember leecher = SwarmMember.Download(sample.Torrent.WithTracker(server.Announce), null, [silent.EndPoint], client: new TorrentClientOptions { TimeProvider = time });
        await time.UntilAsync(() => server.Requests.Count >= 3, 0.5, report: () => leecher.LogText); // again after 15 s and 30 s
        isAlive = true;
        TorrentDownload result = await leecher.EndAsync(time, step: 0.5);
        Assert.True(result.State == TorrentState.Completed, $"{result.Error}\n{leecher.LogText}");
    }

    private static byte[] Port(int port) => [(byte)(port >> 8), (byte)port];

    private static int OwnPort(string request)
    {
        int at = request.IndexOf("&port=", StringComparison.Ordinal) + 6;
        return int.Parse(request.AsSpan(at, request.IndexOf('&', at) - at), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Answers the first request with some bytes, then repeats others for as long as the client reads them; with a clock, a few per second.</summary>
    private sealed class EndlessServer : IDisposable
    {
        private readonly TcpListener _listener;
        private readonly CancellationTokenSource _stop = new();

        public EndlessServer(string beginning, string again, TimeProvider? drip = null, IPAddress? address = null)
        {
            _listener = new TcpListener(address ?? IPAddress.Loopback, 0);
            _listener.Start();
            Sent = ServeAsync(Encoding.Latin1.GetBytes(beginning), Encoding.Latin1.GetBytes(again), drip);
        }

        public Uri Announce => new($"http://{(IPEndPoint)_listener.LocalEndpoint}/announce");

        /// <summary>The number of bytes sent when the client disconnected.</summary>
        public Task<long> Sent { get; }

        public void Dispose()
        {
            _stop.Cancel();
            _listener.Stop();
        }

        private async Task<long> ServeAsync(byte[] beginning, byte[] again, TimeProvider? drip)
        {
            long sent = 0;
            try
            {
                using Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                await socket.ReceiveAsync(new byte[4096], _stop.Token);
                sent += await socket.SendAsync(beginning, _stop.Token);
                byte[] many = drip is null ? [.. Enumerable.Repeat(again, 1000).SelectMany(part => part)] : again;
                while (many.Length > 0)
                {
                    for (ReadOnlyMemory<byte> rest = many; !rest.IsEmpty;)
                    {
                        int count = await socket.SendAsync(rest, _stop.Token);
                        sent += count;
                        rest = rest[count..];
                    }

                    if (drip is not null)
                        await Task.Delay(TimeSpan.FromSeconds(1), drip, _stop.Token);
                }
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client has disconnected.
            }

            return sent;
        }
    }
}
