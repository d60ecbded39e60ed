using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Tests.Http;
using TorrentPS.Engine.Trackers;
using static TorrentPS.Engine.Tests.Discovery.DiscoveryData;

namespace TorrentPS.Engine.Tests.Trackers;

public class HttpTrackerTests
{
    private const string OnePeer = "d8:intervali900e5:peers6:\xc0\0\x02\x07\0\x50" + "e";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_request_is_sent_byte_for_byte()
    {
        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply(OnePeer));
        bool sent = false;
        AnnounceResponse response = await AnnounceAsync(server.Announce, Request(AnnounceEvent.Started) with { Sent = () => sent = true });
        Assert.Equal("192.0.2.7:80", Assert.Single(response.Peers).EndPoint.ToString());
        Assert.True(sent);
        Assert.Equal($"GET {AnnounceQuery.Announce(server.Announce, Request(AnnounceEvent.Started))} HTTP/1.1\r\nHost: 127.0.0.1:{server.Port}\r\n" +
            "User-Agent: TorrentPS/0.1.0\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\nConnection: close\r\n\r\n", Assert.Single(server.Requests));
    }

    [Fact]
    public async Task Credentials_in_an_address_are_sent_as_authorization_but_not_to_a_redirect()
    {
        using var target = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply(OnePeer));
        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Redirect(target.Announce.ToString()));
        await AnnounceAsync(new Uri($"http://me:s%40cret@127.0.0.1:{server.Port}/announce"));
        Assert.Contains("\r\nAuthorization: Basic bWU6c0BjcmV0\r\n", Assert.Single(server.Requests), StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization", Assert.Single(target.Requests), StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[]> Replies()
    {
        byte[] body = Encoding.Latin1.GetBytes(OnePeer);
        byte[] deflated = Compress(body, stream => new DeflateStream(stream, CompressionLevel.Optimal));
        byte[] zlib = Compress(body, stream => new ZLibStream(stream, CompressionLevel.Optimal));
        byte[] gzip = Compress(body, stream => new GZipStream(stream, CompressionLevel.Optimal));
        return new()
        {
            { "with a length", ScriptedHttpServer.Reply(body) },
            { "to the end, HTTP/1.0", [.. "HTTP/1.0 200 OK\r\n\r\n"u8, .. body] },
            { "line ends without CR", [.. "HTTP/1.1 200 OK\nX: y\n\n"u8, .. body] },
            { "no reason phrase", [.. "HTTP/1.1 200\r\n\r\n"u8, .. body] },
            { "in chunks", [.. "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n3;x=y\r\n"u8, .. body[..3], .. Encoding.ASCII.GetBytes($"\r\n{body.Length - 3:X}\r\n"), .. body[3..], .. "\r\n0\r\nTrailer: x\r\n\r\n"u8] },
            { "after 100 Continue", [.. "HTTP/1.1 100 Continue\r\n\r\n"u8, .. ScriptedHttpServer.Reply(body)] },
            { "gzip", ScriptedHttpServer.Reply(gzip, headers: "Content-Encoding: gzip\r\n") },
            { "gzip unannounced", ScriptedHttpServer.Reply(gzip) },
            { "deflate as zlib", ScriptedHttpServer.Reply(zlib, headers: "content-encoding:  Deflate \r\n") },
            { "deflate bare", ScriptedHttpServer.Reply(deflated, headers: "Content-Encoding: deflate\r\n") },
        };
    }

    [Theory]
    [MemberData(nameof(Replies))]
    public async Task Every_form_of_reply_is_understood(string name, byte[] reply)
    {
        using var server = new ScriptedHttpServer(_ => reply);
        AnnounceResponse response = await AnnounceAsync(server.Announce);
        Assert.True(response.Peers.Count == 1, name);
    }

    public static TheoryData<byte[], string> BadReplies() => new()
    {
        { [], "closed before the reply was complete" },
        { "SSH-2.0-OpenSSH\r\n\r\n"u8.ToArray(), "does not speak HTTP" },
        { "HTTP/1.1 200 OK\r\nContent-Le"u8.ToArray(), "closed before the reply was complete" },
        { "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"u8.ToArray(), "malformed length" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"u8.ToArray(), "longer than 1048576 bytes" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nde"u8.ToArray(), "ended too early" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"u8.ToArray(), "malformed" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n"u8.ToArray(), "longer than 1048576 bytes" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"u8.ToArray(), "not asked for" },
        { "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nde"u8.ToArray(), "not asked for" },
        { "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nde"u8.ToArray(), "but is not" },
        { [.. "HTTP/1.1 200 OK\r\nX: "u8, .. new byte[20_000]], "too long a header line" },
        { Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 300))), "more than 200 header lines" },
        { [.. "HTTP/1.1 200 OK\r\n\r\n"u8, .. new byte[(1 << 20) + 1]], "longer than 1048576 bytes" },
        { ScriptedHttpServer.Reply("<html>"), "not that of a tracker" },
        { ScriptedHttpServer.Reply("d5:peers"), "not that of a tracker" },
        { ScriptedHttpServer.Reply("<html>", "404 Not Found"), "HTTP status 404" },
        { ScriptedHttpServer.Reply("", "204 No Content"), "HTTP status 204" },
        { ScriptedHttpServer.Redirect("ftp://127.0.0.1/announce"), "'ftp'" },
        { ScriptedHttpServer.Redirect("http://[/"), "not an address" },
        // 10 MB of zeros in 10 KB.
        { ScriptedHttpServer.Reply(Compress(new byte[10_000_000], stream => new GZipStream(stream, CompressionLevel.Optimal)), headers: "Content-Encoding: gzip\r\n"), "longer than 1048576 bytes" },
    };

    [Theory]
    [MemberData(nameof(BadReplies))]
    public async Task A_bad_reply_is_an_error_that_says_why(byte[] reply, string expected)
    {
        using var server = new ScriptedHttpServer(_ => reply);
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => AnnounceAsync(server.Announce));
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(server.Announce.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_failure_reason_of_an_HTTP_error_is_used()
    {
        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply("d14:failure reason6:closede", "503 Service Unavailable"));
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => AnnounceAsync(server.Announce));
        Assert.Equal(TorrentErrorId.TrackerFailure, error.ErrorId);
        Assert.StartsWith("closed", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public async Task Five_redirects_are_followed(int redirects, bool isFollowed)
    {
        int left = redirects;
        using var server = new ScriptedHttpServer(_ => left-- > 0 ? ScriptedHttpServer.Redirect("/announce/again?left=" + left, "307 Temporary Redirect") : ScriptedHttpServer.Reply(OnePeer));
        Task<AnnounceResponse> announce = AnnounceAsync(server.Announce);
        if (isFollowed)
            Assert.Single((await announce).Peers);
        else
            Assert.Contains("more than 5 times", (await Assert.ThrowsAsync<TorrentException>(() => announce)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_connection_is_an_error()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => AnnounceAsync(new Uri($"http://127.0.0.1:{port}/announce")));
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        Assert.Contains("connection was refused", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_an_error()
    {
        var http = new HttpFetch(TimeProvider.System, (_, _) => throw new SocketException((int)SocketError.HostNotFound));
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => new HttpTracker(new Uri("http://tracker.invalid/announce"), http).AnnounceAsync(Request(), Token));
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        Assert.Contains("'tracker.invalid'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_local_service_that_is_not_a_tracker_is_not_contacted()
    {
        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply(OnePeer));
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => AnnounceAsync(new Uri($"http://127.0.0.1:{server.Port}/api/delete?all=1")));
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_silent_tracker_is_given_up()
    {
        var time = new FakeTimeProvider();
        using var server = new ScriptedHttpServer(_ => null);
        var sent = new TaskCompletionSource();
        Task<AnnounceResponse> announce = Tracker(server.Announce, time).AnnounceAsync(Request() with { Sent = sent.SetResult }, Token);
        await sent.Task;
        time.Advance(TimeSpan.FromSeconds(20));
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => announce);
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        Assert.Contains("no answer within 20 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_is_not_an_error_of_the_tracker()
    {
        using var server = new ScriptedHttpServer(_ => null);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Tracker(server.Announce).AnnounceAsync(Request() with { Sent = cancel.Cancel }, cancel.Token));
    }

    [Fact]
    public async Task An_untrusted_certificate_is_refused()
    {
        using var key = RSA.Create(2048);
        using X509Certificate2 made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<bool> received = Task.Run(async () =>
        {
            using TcpClient client = await listener.AcceptTcpClientAsync();
            await using var stream = new SslStream(client.GetStream());
            try
            {
                await stream.AuthenticateAsServerAsync(certificate);
                return await stream.ReadAsync(new byte[1]) > 0;
            }
            catch (Exception exception) when (exception is IOException or System.Security.Authentication.AuthenticationException)
            {
                return false;
            }
        }, Token);
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => AnnounceAsync(new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/announce")));
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        Assert.Contains("secure connection", error.Message, StringComparison.Ordinal);
        Assert.False(await received);
        listener.Stop();
    }

    [Fact]
    public async Task A_tracker_with_addresses_of_both_families_is_announced_to_over_both()
    {
        if (!Socket.OSSupportsIPv6)
            Assert.Skip("IPv6 is not enabled on this machine: enable it, at least on the loopback interface.");
        var http = new HttpFetch(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.IPv6Loopback, IPAddress.Loopback]));
        using var both = new TwoFamilyServer(isV6 => ScriptedHttpServer.Reply(isV6 ? "d5:peers6:\xc0\0\x02\x08\0\x50" + "e" : OnePeer));
        AnnounceResponse response = await new HttpTracker(new Uri($"http://tracker.example:{both.Port}/announce"), http).AnnounceAsync(Request(), Token);
        Assert.Equal(["192.0.2.7:80", "192.0.2.8:80"], response.Peers.Select(peer => peer.EndPoint.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(TimeSpan.FromSeconds(900), response.Interval);
    }

    [Fact]
    public async Task One_refused_address_family_does_not_matter()
    {
        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply(OnePeer));
        var http = new HttpFetch(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.IPv6Loopback, IPAddress.Loopback]));
        var tracker = new HttpTracker(new Uri($"http://tracker.example:{server.Port}/announce"), http);
        Assert.Single((await tracker.AnnounceAsync(Request(), Token)).Peers);
    }

    [Fact]
    public async Task A_silent_address_family_is_not_waited_for_long()
    {
        if (!Socket.OSSupportsIPv6)
            Assert.Skip("IPv6 is not enabled on this machine: enable it, at least on the loopback interface.");
        var time = new FakeTimeProvider();
        var http = new HttpFetch(time, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.IPv6Loopback, IPAddress.Loopback]));
        using var both = new TwoFamilyServer(isV6 => isV6 ? null : ScriptedHttpServer.Reply(OnePeer));
        var part = new TaskCompletionSource<AnnounceResponse>();
        Task<AnnounceResponse> announce = new HttpTracker(new Uri($"http://tracker.example:{both.Port}/announce"), http)
            .AnnounceAsync(Request() with { PartReceived = part.SetResult }, Token);
        Assert.Single((await part.Task).Peers);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Single((await announce).Peers);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task The_Internet_does_not_redirect_into_the_local_network(bool isInternet, bool isFollowed)
    {
        if (!Socket.OSSupportsIPv6)
            Assert.Skip("IPv6 is not enabled on this machine: enable it, at least on the loopback interface.");
        using var local = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply(OnePeer));
        // ::1 counts as an address in the Internet.
        var http = new HttpFetch(TimeProvider.System, rules: new ReachRules(address => !isInternet || address.AddressFamily == AddressFamily.InterNetwork ? AddressReach.Machine : AddressReach.World));
        using var both = new TwoFamilyServer(_ => ScriptedHttpServer.Redirect(local.Announce.ToString()));
        Task<AnnounceResponse> announce = new HttpTracker(new Uri($"http://[::1]:{both.Port}/announce"), http).AnnounceAsync(Request(), Token);
        if (isFollowed)
            Assert.Single((await announce).Peers);
        else
            Assert.Contains("into the local network", (await Assert.ThrowsAsync<TorrentException>(() => announce)).Message, StringComparison.Ordinal);
        Assert.Equal(isFollowed ? 1 : 0, local.Requests.Count);
    }

    [Theory]
    [InlineData("wss://tracker.example/announce", "'wss'")]
    public async Task Trackers_of_other_schemes_are_an_error(string uri, string expected)
    {
        ITracker tracker = new TrackerFactory(new HttpFetch(TimeProvider.System)).Create(new Uri(uri));
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => tracker.AnnounceAsync(Request(), Token));
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal(error.Message, (await Assert.ThrowsAsync<TorrentException>(() => tracker.ScrapeAsync([Hash], null, Token))).Message);
    }

    private static HttpTracker Tracker(Uri uri, TimeProvider? time = null) => new(uri, new HttpFetch(time ?? TimeProvider.System));

    private static Task<AnnounceResponse> AnnounceAsync(Uri uri, AnnounceRequest? request = null) => Tracker(uri).AnnounceAsync(request ?? Request(), Token);

    private static byte[] Compress(byte[] data, Func<Stream, Stream> compressor)
    {
        using var result = new MemoryStream();
        using (Stream stream = compressor(result))
            stream.Write(data);
        return result.ToArray();
    }

    /// <summary>Listens on the same port of 127.0.0.1 and ::1.</summary>
    private sealed class TwoFamilyServer : IDisposable
    {
        private readonly TcpListener _v4 = new(IPAddress.Loopback, 0);
        private readonly TcpListener _v6;

        public TwoFamilyServer(Func<bool, byte[]?> answer)
        {
            _v4.Start();
            _v6 = new TcpListener(IPAddress.IPv6Loopback, Port);
            _v6.Start();
            _ = ServeAsync(_v4, answer(false));
            _ = ServeAsync(_v6, answer(true));
        }

        public int Port => ((IPEndPoint)_v4.LocalEndpoint).Port;

        public void Dispose()
        {
            _v4.Stop();
            _v6.Stop();
        }

        private static async Task ServeAsync(TcpListener listener, byte[]? reply)
        {
            using Socket socket = await listener.AcceptSocketAsync();
            byte[] buffer = new byte[16384];
            int length = 0;
            while (!buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
                length += await socket.ReceiveAsync(buffer.AsMemory(length));
            if (reply is not null)
                await socket.SendAsync(reply);
            else
                await socket.ReceiveAsync(buffer);
        }
    }
}
