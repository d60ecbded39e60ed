using System.Globalization;
using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Net;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Downloads through proxies of other authors.</summary>
public sealed class ProxyTests : InteropTest
{
    private static readonly Payload s_payload = Payload.SingleFile("payload.bin", 3_000_000);

    [Fact(Timeout = Limits.Test)]
    public async Task A_download_goes_through_microsocks_with_a_password()
    {
        IPEndPoint endPoint = Loopback.Next();
        await using ExternalProcess proxy = ExternalProcess.Start(Installed.Require("microsocks", "microsocks"),
            ["-i", endPoint.Address.ToString(), "-p", Port(endPoint), "-u", "user", "-P", "pass"], Temp.Folder("microsocks"));
        await proxy.UntilAsync(() => Loopback.ListensAsync(endPoint), Limits.Start, "microsocks listens");
        await DownloadAsync($"socks5://user:pass@{endPoint}", proxy);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_download_goes_through_tinyproxy_with_a_password()
    {
        string program = Installed.Require("tinyproxy", "tinyproxy");
        IPEndPoint endPoint = Loopback.Next();
        string folder = Temp.Folder("tinyproxy");
        string settings = Path.Combine(folder, "tinyproxy.conf");
        await File.WriteAllLinesAsync(settings, [$"Port {Port(endPoint)}", $"Listen {endPoint.Address}", "Timeout 60", "MaxClients 50", "BasicAuth user pass"], Token);
        await using ExternalProcess proxy = ExternalProcess.Start(program, ["-d", "-c", settings], folder);
        await proxy.UntilAsync(() => Loopback.ListensAsync(endPoint), Limits.Start, "tinyproxy listens");
        await DownloadAsync($"http://user:pass@{endPoint}", proxy);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_UDP_tracker_is_asked_through_dante()
    {
        string program = Installed.Require("danted", "dante-server");
        Assert.SkipUnless(Environment.UserName == "root", "danted wants to be started by root.");
        IPEndPoint endPoint = Loopback.Next();
        string folder = Temp.Folder("dante");
        string settings = Path.Combine(folder, "danted.conf");
        await File.WriteAllLinesAsync(settings, [
            "logoutput: stderr", $"internal: {endPoint.Address} port = {Port(endPoint)}", "external: 127.0.0.1", "socksmethod: none", "clientmethod: none",
            "user.privileged: root", "user.unprivileged: nobody", "client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }",
            "socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 command: connect udpassociate }", "socks pass { from: 127.0.0.0/8 to: 127.0.0.0/8 command: udpreply }"], Token);
        await using ExternalProcess proxy = ExternalProcess.Start(program, ["-f", settings], folder);
        await proxy.UntilAsync(() => Loopback.ListensAsync(endPoint), Limits.Start, "danted listens");
        await DownloadAsync($"socks5://{endPoint}", proxy, "udp");
    }

    private static string Port(IPEndPoint endPoint) => endPoint.Port.ToString(CultureInfo.InvariantCulture);

    private async Task DownloadAsync(string uri, ExternalProcess proxy, string scheme = "http")
    {
        IPEndPoint tracker = OpentrackerServer.Reserve();
        string source = Source(s_payload);
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10, OpentrackerServer.Announce(tracker, scheme));
        await using OpentrackerServer opentracker = await OpentrackerServer.StartAsync(tracker, Temp, torrent.InfoHash);
        await using LibtorrentPeer seed = await LibtorrentPeer.SeedAsync(torrent, source, trackers: true);
        await using var client = new TorrentClient(new TorrentClientOptions { Port = 0, Proxy = ProxyServer.Parse(new Uri(uri)) });
        string target = Target;
        TorrentDownload result = await client.DownloadAsync(torrent.Info, OwnPeer.Options(target, seed.EndPoint), cancellationToken: Token);
        Assert.True(result.State == TorrentState.Completed, $"{result.Error}\n{proxy.Report}");
        s_payload.AssertIn(target);

        // The tracker, contacted through the proxy, returns the seed, too.
        List<TorrentPeer> peers = [];
        await foreach (TorrentPeer peer in client.FindPeersAsync(torrent.Info, new PeerSearchOptions { MaxPeers = 1 }, Token))
            peers.Add(peer);
        Assert.Equal(seed.EndPoint.Port, Assert.Single(peers).Port);
    }
}
