using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Tests.Net;

/// <summary>Connections through a proxy, and none past it.</summary>
public sealed class ProxyTests
{
    private static readonly Sample s_sample = Sample.Make(65536, 5, ("one.bin", 1_000_000));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ProxyKind.Socks5, false)]
    [InlineData(ProxyKind.Socks5, true)]
    [InlineData(ProxyKind.Http, false)]
    [InlineData(ProxyKind.Http, true)]
    public async Task A_connection_through_the_proxy_loses_no_byte(ProxyKind kind, bool hasUser)
    {
        await using var proxy = new ScriptedProxy(kind) { Wants = hasUser ? ("us er", "p:ä") : null };
        using var far = new TcpListener(IPAddress.Loopback, 0);
        far.Start();
        Task<TcpClient> speaks = SpeakAsync(far);
        var route = new NetworkRoute(proxy.Server(hasUser ? "us%20er:p%3A%C3%A4@" : ""));
        using PeerStream stream = await PeerConnector.ConnectNowAsync((IPEndPoint)far.LocalEndpoint, route, Token);
        using TcpClient speaker = await speaks;
        byte[] buffer = new byte[16];
        int received = 0;
        while (received < 5)
            received += await stream.ReceiveAsync(buffer.AsMemory(received), Token);
        Assert.Equal("hello"u8.ToArray(), buffer[..received]);
        Assert.Equal(far.LocalEndpoint, stream.RemoteEndPoint);
        Assert.Equal([far.LocalEndpoint.ToString()!], proxy.Asked);
    }

    [Theory]
    [InlineData(ProxyKind.Socks5, 5, SocketError.ConnectionRefused, "refused")]
    [InlineData(ProxyKind.Socks5, 2, SocketError.NetworkDown, "does not allow")]
    [InlineData(ProxyKind.Socks5, 3, SocketError.NetworkUnreachable, "no route")]
    [InlineData(ProxyKind.Socks5, 4, SocketError.HostUnreachable, "cannot reach")]
    [InlineData(ProxyKind.Socks5, 6, SocketError.TimedOut, "too long")]
    [InlineData(ProxyKind.Socks5, 99, SocketError.HostUnreachable, "reply 99")]
    [InlineData(ProxyKind.Http, 403, SocketError.NetworkDown, "does not allow")]
    [InlineData(ProxyKind.Http, 502, SocketError.HostUnreachable, "status 502")]
    [InlineData(ProxyKind.Http, 504, SocketError.TimedOut, "too long")]
    public async Task The_proxys_reason_is_reported(ProxyKind kind, int answer, SocketError error, string text)
    {
        await using var proxy = new ScriptedProxy(kind) { Refuses = answer };
        ProxyException exception = await FailsAsync(proxy.Server());
        Assert.Equal(error, exception.SocketErrorCode);
        Assert.Contains(text, exception.Message);
    }

    [Theory]
    [InlineData(ProxyKind.Socks5, "", "wants a user name")]
    [InlineData(ProxyKind.Socks5, "me:wrong@", "refused the user name")]
    [InlineData(ProxyKind.Http, "", "wants a user name")]
    [InlineData(ProxyKind.Http, "me:wrong@", "refused the user name")]
    public async Task Wrong_credentials_are_reported_without_the_password(ProxyKind kind, string userInfo, string text)
    {
        await using var proxy = new ScriptedProxy(kind) { Wants = ("me", "right") };
        ProxyException exception = await FailsAsync(proxy.Server(userInfo));
        Assert.Contains(text, exception.Message);
        Assert.DoesNotContain("wrong", exception.Message);
        Assert.Empty(proxy.Asked);
    }

    [Theory]
    [InlineData(ProxyKind.Socks5, "HTTP/1.1 400 Bad Request\r\n\r\n", "not a SOCKS5 proxy")]
    [InlineData(ProxyKind.Http, "\u0005\u0000", "not an HTTP proxy")]
    [InlineData(ProxyKind.Http, "220 mail.example ready\r\n\r\n", "not an HTTP proxy")]
    public async Task A_server_that_is_not_a_proxy_is_reported_as_such(ProxyKind kind, string babble, string text)
    {
        byte[] bytes = [.. babble.Select(c => (byte)c)];
        // An endless HTTP head is read up to a limit.
        await using var proxy = new ScriptedProxy(kind) { Babble = bytes.Length > 2 ? bytes : [.. bytes, .. new byte[20_000]] };
        Assert.Contains(text, (await FailsAsync(proxy.Server())).Message);
    }

    [Fact]
    public async Task An_unreachable_proxy_is_an_error()
    {
        ProxyServer server;
        await using (var proxy = new ScriptedProxy(ProxyKind.Socks5))
            server = proxy.Server();
        Assert.Contains("cannot be connected to", (await FailsAsync(server)).Message);
    }

    [Theory]
    [InlineData(ProxyKind.Socks5)]
    [InlineData(ProxyKind.Http)]
    public async Task A_download_and_its_tracker_go_through_the_proxy_and_nothing_else(ProxyKind kind)
    {
        var announces = new ConcurrentQueue<TrackerRequest>();
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { OnAnnounce = announces.Enqueue });
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ScriptedSeed seed = new(s_sample) { Begin = told.Task };
        await using var proxy = new ScriptedProxy(kind);
        proxy.Names.Add("tracker.invalid", IPAddress.Loopback); // a name that only the proxy can resolve
        Torrent torrent = s_sample.Torrent.With([], new Uri($"http://tracker.invalid:{tracker.EndPoint.Port}/announce"), new Uri("udp://tracker.invalid:1/announce"));
        var client = new TorrentClientOptions { Proxy = proxy.Server(), DhtBootstrap = ["dht.invalid:6881"], LocalDiscovery = true };
        await using SwarmMember member = SwarmMember.Download(torrent, null, [seed.EndPoint], client: client);
        await member.LogsAsync(kind == ProxyKind.Http ? "UDP trackers cannot be asked through the proxy" : "does not carry datagrams");
        told.SetResult();
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, member.LogText);
        Assert.Equal(0, member.Client.ListenPort);
        Assert.Equal([$"{seed.EndPoint}", $"tracker.invalid:{tracker.EndPoint.Port}"], proxy.Asked.Distinct().Order());
        Assert.All(announces, announce => Assert.Equal(1, announce.EndPoint.Port));
        Assert.NotEmpty(announces);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_UDP_tracker_is_asked_through_a_proxy_with_UDP_support(bool byName)
    {
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0));
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, s_sample.Torrent.With([], tracker.AnnounceUri));
        await seed.UntilAsync(_ => tracker.PeerCount > 0);
        await using var proxy = new ScriptedProxy(ProxyKind.Socks5)
        {
            CarriesUdp = true,
            Wants = ("me", "right"),
            // In fragments, from another address, with an invalid head, and finally the right one.
            Returns = packet => [[0, 0, 1, .. packet[3..]], [0, 0, 0, 1, 127, 0, 0, 9, 0, 1, .. packet[10..]], [0, 0, 0, 3, 200, .. "x"u8], [0, 0], packet],
        };
        string host = byName ? "tracker.invalid" : "127.0.0.1";
        proxy.Names.Add("tracker.invalid", IPAddress.Loopback); // a name that only the proxy can resolve
        Torrent torrent = s_sample.Torrent.With([], new Uri($"udp://{host}:{tracker.EndPoint.Port}/announce"));
        await using SwarmMember member = SwarmMember.Download(torrent, null, [], client: new TorrentClientOptions { Proxy = proxy.Server("me:right@") });
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, member.LogText);
        Assert.Equal([$"{host}:{tracker.EndPoint.Port}"], proxy.Carried.Distinct());
        Assert.Equal([$"{seed.EndPoint}"], proxy.Asked.Distinct());
    }

    [Fact]
    public async Task A_UDP_tracker_gets_nothing_if_the_proxy_does_not_support_UDP()
    {
        var announces = new ConcurrentQueue<TrackerRequest>();
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { OnAnnounce = announces.Enqueue });
        await using var proxy = new ScriptedProxy(ProxyKind.Socks5);
        Torrent torrent = s_sample.Torrent.With([], new Uri($"udp://127.0.0.1:{tracker.EndPoint.Port}/announce"));
        FakeTimeProvider time = new();
        await using SwarmMember member = SwarmMember.Download(torrent, null, [], client: new TorrentClientOptions { Proxy = proxy.Server(), TimeProvider = time });
        await member.LogsAsync("does not carry datagrams", time);
        await member.EndAsync(time);
        Assert.Empty(announces);
        Assert.Empty(proxy.Carried);
    }

    [Fact]
    public async Task Without_the_proxy_nothing_is_reached()
    {
        ProxyServer dead;
        await using (var proxy = new ScriptedProxy(ProxyKind.Socks5))
            dead = proxy.Server();
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample);
        await using var client = new TorrentClient(new TorrentClientOptions { Port = 0, Proxy = dead });
        PeerHandshake handshake = await client.TestHandshakeAsync(seed.EndPoint, s_sample.Torrent.InfoHash, cancellationToken: Token);
        Assert.Equal(PeerHandshakeStatus.Unreachable, handshake.Status);
        Assert.Contains($"{dead}", handshake.Error);
        TorrentException exception = await Assert.ThrowsAsync<TorrentException>(() => client.GetTorrentAsync(new Uri("http://tracker.invalid/a.torrent"), Token));
        Assert.Contains($"{dead}", exception.Message);
    }

    [Fact]
    public async Task Web_seeds_are_asked_through_the_proxy()
    {
        await using var proxy = new ScriptedProxy(ProxyKind.Socks5) { Refuses = 5 };
        Torrent torrent = s_sample.Torrent.With([new Uri("http://seed.invalid:8000/one.bin")]);
        FakeTimeProvider time = new();
        await using SwarmMember member = SwarmMember.Download(torrent, null, [], client: new TorrentClientOptions { Proxy = proxy.Server(), TimeProvider = time });
        await time.UntilAsync(() => !proxy.Asked.IsEmpty, 0.1, atMost: 8, () => member.LogText);
        await member.EndAsync(time);
        Assert.Equal(["seed.invalid:8000"], proxy.Asked.Distinct());
    }

    [Fact]
    public async Task Host_names_of_peers_are_not_resolved_here()
    {
        await using var proxy = new ScriptedProxy(ProxyKind.Socks5);
        var errors = new ConcurrentQueue<TorrentException>();
        FakeTimeProvider time = new();
        await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, null, [],
            options => options with { PeerNames = [new DnsEndPoint("localhost", 1)], OnError = errors.Enqueue }, new TorrentClientOptions { Proxy = proxy.Server(), TimeProvider = time });
        await member.EndAsync(time);
        Assert.Contains("'localhost' is not looked up", Assert.Single(errors).Message);
        Assert.Empty(proxy.Asked);
    }

    [Fact]
    public async Task A_download_over_utp_alone_is_refused()
    {
        await using var proxy = new ScriptedProxy(ProxyKind.Socks5);
        await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, null, [new IPEndPoint(IPAddress.Loopback, 9)],
            options => options with { Transport = PeerTransport.Utp }, new TorrentClientOptions { Proxy = proxy.Server() });
        TorrentDownload result = await member.EndAsync();
        Assert.Equal(TorrentState.Failed, result.State);
        Assert.Contains("uTP cannot go through", result.Error);
    }

    private static async Task<TcpClient> SpeakAsync(TcpListener listener)
    {
        TcpClient client = await listener.AcceptTcpClientAsync(Token);
        await client.GetStream().WriteAsync("hello"u8.ToArray(), Token);
        return client;
    }

    private static Task<ProxyException> FailsAsync(ProxyServer server) =>
        Assert.ThrowsAsync<ProxyException>(() => new NetworkRoute(server).ConnectAsync(new DnsEndPoint("peer.invalid", 6881), Token));
}
