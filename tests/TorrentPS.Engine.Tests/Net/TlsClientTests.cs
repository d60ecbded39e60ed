using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Tests.Http;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;
using TorrentPS.Engine.Tests.Swarm.WebSeeds;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Net;

public sealed partial class TlsClientTests
{
    private static readonly Sample s_sample = Sample.Build(65536, 71, null, ("data.bin", 100_000));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>
    /// An https server with a certificate whose issuer's certificate is not sent, and the addresses in it: a client that fetches the issuer's certificate, a revocation
    /// list or an OCSP answer connects there, and does so while it verifies the certificate, so the test would see it.
    /// </summary>
    [Theory]
    [InlineData("announce")]
    [InlineData("scrape")]
    [InlineData("torrent")]
    [InlineData("redirect")]
    [InlineData("web seed")]
    [InlineData("web seed for pieces")]
    [InlineData("web seed that redirects")]
    public async Task Nothing_that_a_certificate_names_is_fetched(string way)
    {
        using WebSeedServer server = new(s_sample);
        using var named = new TcpListener(IPAddress.Loopback, 0);
        named.Start();
        using TlsFront front = new(server.Port, TlsFront.Certificate("127.0.0.1", (-1, 1), isSelfSigned: false, new Uri($"http://{named.LocalEndpoint}/")));
        Assert.Contains("the secure connection failed", await RefusalAsync(way, front.Root), StringComparison.Ordinal);
        Assert.False(named.Pending(), "Something was fetched.");
        Assert.Empty(server.Requests);
    }

    private static async Task<string> RefusalAsync(string way, Uri root)
    {
        var announce = new Uri(root, "announce");
        var http = new HttpFetch(TimeProvider.System);
        using var redirecting = new ScriptedHttpServer(_ => ScriptedHttpServer.Redirect(announce.ToString()));
        await using TorrentClient client = new();
        return way switch
        {
            "announce" => await FailureAsync(() => new HttpTracker(announce, http).AnnounceAsync(DiscoveryData.Request(), Token)),
            "scrape" => await FailureAsync(() => new HttpTracker(announce, http).ScrapeAsync([s_sample.Torrent.InfoHash], null, Token)),
            "torrent" => await FailureAsync(() => client.GetTorrentAsync(new Uri(root, "x.torrent"), Token)),
            "redirect" => await FailureAsync(() => new HttpTracker(redirecting.Announce, http).AnnounceAsync(DiscoveryData.Request(), Token)),
            "web seed" => await DownloadAsync($"8:url-list{Text(root)}"),
            "web seed for pieces" => await DownloadAsync($"9:httpseedsl{Text(root)}e"),
            _ => await DownloadAsync($"8:url-list{Text(redirecting.Announce)}"),
        };
    }

    private static string Text(Uri uri) => $"{uri.OriginalString.Length}:{uri.OriginalString}";

    private static async Task<string> FailureAsync(Func<Task> act) => (await Assert.ThrowsAsync<TorrentException>(act)).Message;

    private static async Task<string> DownloadAsync(string entry)
    {
        byte[] bytes = s_sample.Torrent.ToBytes().ToArray();
        int info = bytes.AsSpan().IndexOf("4:info"u8);
        bool isFirst = string.CompareOrdinal(entry[2..], "info") < 0;
        var torrent = Torrent.Parse((byte[])(isFirst ? [.. bytes[..info], .. Encoding.ASCII.GetBytes(entry), .. bytes[info..]] : [.. bytes[..^1], .. Encoding.ASCII.GetBytes(entry), (byte)'e']));
        TorrentClientOptions far = new() { ReachOf = _ => AddressReach.World };
        await using SwarmMember leecher = SwarmMember.Download(torrent, null, [], client: far);
        await leecher.UntilAsync(_ => leecher.LogText.Contains("Web seed", StringComparison.Ordinal));
        await leecher.StopAsync();
        return leecher.LogText;
    }

    /// <summary>A second place with TLS or HTTP code could follow other rules without any other test noticing.</summary>
    [Fact]
    public void All_TLS_and_HTTP_code_follows_one_policy()
    {
        string[] sources = [.. Directory.EnumerateFiles(Path.Join(SecurityDefaultsTests.Root, "src"), "*.*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".ps1" or ".psm1" or ".psd1" or ".ps1xml" && !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))];
        Assert.True(sources.Length > 300);
        Assert.Equal(["TlsClient.cs"], sources.Where(file => File.ReadLines(file).Any(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Speaking().IsMatch(line))).Select(Path.GetFileName));
    }

    [GeneratedRegex(@"\b(SslStream|SslClientAuthenticationOptions|SslServerAuthenticationOptions|NegotiateStream|X509Chain|HttpClient|HttpClientHandler|HttpMessageInvoker|SocketsHttpHandler|HttpListener|WebRequest|HttpWebRequest|FtpWebRequest|WebClient|ClientWebSocket|QuicConnection|SmtpClient|Invoke-WebRequest|Invoke-RestMethod|Start-BitsTransfer)\b")]
    private static partial Regex Speaking();
}
