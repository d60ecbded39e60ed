using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>Addresses in torrents and links that would make us contact servers other than trackers (SSRF), and hosts reached through redirects.</summary>
public sealed class AddressTests
{
    public static TheoryData<string> Foreign => ["file:///etc/passwd", "ftp://a/x", "gopher://a:70/x", "ldap://a/x", "ws://a/x", "wss://a/x", "javascript:alert(1)", "data:,x", "\\\\server\\share", "//a/x", "/x", "x",
        "http:///x", "http://", "http:", "udp:", "", " ", "unix:/run/x.sock"];

    [Theory]
    [MemberData(nameof(Foreign))]
    public void Only_http_https_and_udp_are_addresses(string address)
    {
        Assert.False(MetainfoAddresses.TryTracker(address, out _));
        Assert.False(MetainfoAddresses.TryWebSeed(address, out _));
        MagnetLink link = MagnetLink.Parse($"{HostileTorrents.Link([])}&tr={Uri.EscapeDataString(address)}&ws={Uri.EscapeDataString(address)}");
        Assert.Empty(link.Trackers);
        Assert.Empty(link.WebSeeds);
    }

    [Fact]
    public void Web_seeds_are_not_asked_by_udp() => Assert.False(MetainfoAddresses.TryWebSeed("udp://a:1", out _));

    [Theory]
    [InlineData("http://127.0.0.1:1/admin?delete=all")]
    [InlineData("http://[::1]:1/")]
    [InlineData("https://localhost:1/api/shutdown")]
    [InlineData("http://127.1:1/scrape")]
    public async Task A_local_service_that_is_not_a_tracker_is_left_alone(string uri)
    {
        HttpTracker tracker = new HttpTracker(new Uri(uri), new HttpFetch(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback])));
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => tracker.AnnounceAsync(
            new AnnounceRequest { InfoHash = InfoHash.Create(new byte[20]), PeerId = new byte[20], Port = 1 }, TestContext.Current.CancellationToken));
        Assert.Contains("announce", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.8.9.10")]
    [InlineData("10.0.0.1")]
    [InlineData("172.31.0.1")]
    [InlineData("192.168.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    public void No_redirect_from_the_Internet_leads_there(string address) => Assert.Contains("from the Internet into the local network", new ReachRules().Refusal(
        NamedAddress.OfUser(new Uri("http://192.0.2.1/")).Redirect("http://a.lan/", AddressReach.World), IPAddress.Parse(address)), StringComparison.Ordinal);
}
