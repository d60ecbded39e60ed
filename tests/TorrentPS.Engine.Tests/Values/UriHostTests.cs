using System.Net;
using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Gateways;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Tests.Values;

/// <summary>Hosts that cannot be resolved: every input refuses their addresses or leaves them out. The faces' tests cover users' inputs.</summary>
public sealed class UriHostTests
{
    public static TheoryData<string> UnusableHosts => FaceInputs.UnusableHosts;

    [Theory]
    [InlineData("http://a.example/x", "a.example")]
    [InlineData("http://ö.example/x", "xn--nda.example")]
    [InlineData("udp://[2001:db8::1]:1", "2001:db8::1")]
    [InlineData("http://192.0.2.1/", "192.0.2.1")]
    [InlineData("magnet:?xt=x", "")]
    public void A_host_is_in_ASCII(string uri, string host)
    {
        Assert.True(UriHost.TryParse(uri, out Uri? found));
        Assert.Equal(host, UriHost.Of(found));
    }

    [Fact]
    public void A_name_has_255_characters_at_most()
    {
        string name = string.Concat(Enumerable.Repeat("a.", 127));
        Assert.True(UriHost.TryParse($"http://{name}a/", out _));
        Assert.False(UriHost.TryParse($"http://{name}ab/", out _));
    }

    [Theory]
    [MemberData(nameof(UnusableHosts))]
    public void Addresses_with_unusable_hosts_are_refused(string host)
    {
        Uri uri = new($"http://{host}/announce");
        Assert.False(UriHost.IsUsable(uri));
        Assert.Equal(uri.Host, UriHost.Of(uri));
        Assert.False(UriHost.TryParse(uri.OriginalString, out _));
        Assert.False(PeerAddress.TryCreate(host, 6881, out _));
        Assert.Throws<FormatException>(() => ProxyServer.Parse(new Uri($"socks5://{host}:1080")));
        Assert.Throws<FormatException>(() => ProxyServer.Parse(new Uri($"http://{host}:8080")));
    }

    [Theory]
    [MemberData(nameof(UnusableHosts))]
    public void Torrents_and_magnet_links_are_read_without_such_addresses(string host)
    {
        string tracker = Text($"http://{host}/announce"), seed = Text($"https://{host}/data"), udp = Text($"udp://{host}:1"), good = Text("http://a.example/announce");
        const string Info = "4:infod6:lengthi1e4:name1:n12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
        Torrent torrent = Torrent.Parse(Encoding.UTF8.GetBytes($"d13:announce-listll{tracker}el{udp}el{good}ee{Info}5:nodesll{Text(host)}i1eee8:url-listl{seed}{good}ee"));
        Assert.Equal(["http://a.example/announce"], torrent.Trackers.SelectMany(tier => tier).Select(uri => uri.OriginalString));
        Assert.Equal(["http://a.example/announce"], torrent.WebSeeds.Select(uri => uri.OriginalString));
        Assert.Empty(torrent.Nodes);
        Assert.Empty(Torrent.Parse(Encoding.UTF8.GetBytes($"d8:announce{tracker}{Info}8:url-list{seed}e")).Trackers);
        MagnetLink link = MagnetLink.Parse($"magnet:?xt=urn:btih:{new string('a', 40)}&tr=http://{host}/announce&tr=udp://{host}:1&ws=http://{host}/data&x.pe={host}:1&tr=http://a");
        Assert.Equal((1, 0, 0), (link.Trackers.Count, link.WebSeeds.Count, link.Peers.Count));

        static string Text(string text) => $"{Encoding.UTF8.GetByteCount(text)}:{text}";
    }

    [Theory]
    [MemberData(nameof(UnusableHosts))]
    public async Task Such_addresses_are_neither_contacted_nor_followed_in_redirects(string host)
    {
        Uri uri = new($"http://{host}/announce");
        Func<Uri, NamedAddress>[] origins = [NamedAddress.OfUser, NamedAddress.OfTracker, NamedAddress.OfWebSeed];
        Assert.All(origins, origin => Assert.Equal(UriHost.Unusable, Assert.Throws<HttpFetchException>(() => origin(uri)).Message));
        NamedAddress from = NamedAddress.OfUser(new Uri("http://a.example/x"));
        Assert.Throws<HttpFetchException>(() => from.Redirect(uri.OriginalString, AddressReach.World));
        Assert.Throws<HttpFetchException>(() => from.Redirect($"//{host}/x", AddressReach.World));
        Assert.Throws<HttpFetchException>(() => from.At(uri));

        using var factory = new TrackerFactory(new HttpFetch(TimeProvider.System));
        foreach (Uri address in (Uri[])[uri, new Uri($"udp://{host}:1"), new Uri($"udp://{host}:1/announce")])
        {
            TorrentException refused = await Assert.ThrowsAsync<TorrentException>(() => factory.Create(address).ScrapeAsync([], null, TestContext.Current.CancellationToken));
            Assert.Equal(TorrentErrorId.TrackerUnreachable, refused.ErrorId);
            Assert.Contains(UriHost.Unusable, refused.Message, StringComparison.Ordinal);
        }

        await using var client = new TorrentClient();
        TorrentException fault = await Assert.ThrowsAsync<TorrentException>(() => client.GetTorrentAsync(uri, TestContext.Current.CancellationToken));
        Assert.Equal(TorrentErrorId.TorrentNotFound, fault.ErrorId);
        fault = await Assert.ThrowsAsync<TorrentException>(() => TorrentSource.ReadAsync(uri.OriginalString, new TorrentClientOptions(), TestContext.Current.CancellationToken));
        Assert.Equal(TorrentErrorId.TorrentNotFound, fault.ErrorId);
    }

    [Theory]
    [MemberData(nameof(UnusableHosts))]
    public void Devices_cannot_lead_to_such_an_address(string host)
    {
        string reply = $"HTTP/1.1 200 OK\r\nST: {UpnpDescription.SearchTargets[0]}\r\nLOCATION: http://{host}/d.xml\r\n\r\n";
        Assert.Null(SsdpReply.Read(Encoding.Latin1.GetBytes(reply), IPAddress.Loopback));
        string description = $"<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>http://{host}/c</controlURL></service>";
        Assert.Null(UpnpDescription.Read(Encoding.UTF8.GetBytes(description), new Uri("http://192.0.2.1/d.xml")));
    }

    /// <summary>The conversion throws for a host without an ASCII form.</summary>
    [Fact]
    public void No_other_code_converts_hosts()
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Join(SecurityDefaultsTests.Root, "src"), "*.cs", SearchOption.AllDirectories)];
        Assert.InRange(files.Length, 500, 2000);
        Assert.Equal(["UriHost.cs"], files.Where(file => File.ReadAllText(file) is var text
            && (text.Contains(".IdnHost", StringComparison.Ordinal) || text.Contains("DnsSafeHost", StringComparison.Ordinal) || text.Contains("NormalizedHost", StringComparison.Ordinal)))
            .Select(file => Path.GetFileName(file)));
    }
}
