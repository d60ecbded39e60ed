using System.Net;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Trackers;
using static TorrentPS.Engine.Tests.Discovery.DiscoveryData;

namespace TorrentPS.Engine.Tests.Trackers;

public class AnnounceQueryTests
{
    private const string Common = $"info_hash={EscapedHash}&peer_id={EscapedPeerId}&port=6881&uploaded=1&downloaded=2&left=3000000000&compact=1";

    [Fact]
    public void Announce_has_every_parameter_with_raw_bytes_escaped() => Assert.Equal(
        $"/announce?{Common}&no_peer_id=1&numwant=200&key=deadbeef&event=started&trackerid=a%26b%00",
        AnnounceQuery.Announce(new Uri("http://t/announce"), Request(AnnounceEvent.Started) with { NoPeerId = true, TrackerId = "a&b\0"u8.ToArray() }));

    [Fact]
    public void A_periodic_announce_has_no_event() => Assert.Equal(
        $"/announce?{Common}&numwant=200&key=deadbeef", AnnounceQuery.Announce(new Uri("http://t/announce"), Request()));

    [Fact]
    public void A_stop_requests_no_peers() => Assert.Equal(
        $"/announce?{Common}&numwant=0&key=deadbeef&event=stopped", AnnounceQuery.Announce(new Uri("http://t/announce"), Request(AnnounceEvent.Stopped)));

    [Fact]
    public void A_completion_is_announced() => Assert.EndsWith("&event=completed", AnnounceQuery.Announce(new Uri("http://t/announce"), Request(AnnounceEvent.Completed)), StringComparison.Ordinal);

    [Fact]
    public void A_partial_seed_is_announced() => Assert.EndsWith("&event=paused", AnnounceQuery.Announce(new Uri("http://t/announce"), Request(AnnounceEvent.Paused)), StringComparison.Ordinal);

    [Theory]
    [InlineData("http://t/announce?passkey=1", "/announce?passkey=1&info_hash=")]
    [InlineData("http://t/announce?", "/announce?info_hash=")]
    [InlineData("http://t/announce?a=b&", "/announce?a=b&info_hash=")]
    [InlineData("http://t:81/x/y.php#f", "/x/y.php?info_hash=")]
    [InlineData("http://t", "/?info_hash=")]
    public void The_query_of_the_address_stays(string uri, string begin) =>
        Assert.StartsWith(begin, AnnounceQuery.Announce(new Uri(uri), Request()), StringComparison.Ordinal);

    [Theory]
    [InlineData("192.0.2.1", "&ip=192.0.2.1")]
    [InlineData("2001:db8::1", "&ipv6=2001%3Adb8%3A%3A1")]
    public void Our_address_is_announced_only_if_given(string address, string expected)
    {
        string without = AnnounceQuery.Announce(new Uri("http://t/announce"), Request());
        string with = AnnounceQuery.Announce(new Uri("http://t/announce"), Request() with { Address = IPAddress.Parse(address) });
        Assert.Equal(without + expected, with);
    }

    // The examples of BEP 48.
    [Theory]
    [InlineData("http://example.com/announce", "/scrape?info_hash=")]
    [InlineData("http://example.com/x/announce", "/x/scrape?info_hash=")]
    [InlineData("http://example.com/announce.php", "/scrape.php?info_hash=")]
    [InlineData("http://example.com/announce?x2%0644", "/scrape?x2%0644&info_hash=")]
    [InlineData("http://example.com/a", null)]
    [InlineData("http://example.com/announce?x=2/4", "/scrape?x=2/4&info_hash=")]
    [InlineData("http://example.com/x%064announce", null)]
    [InlineData("http://example.com/announce/x", null)]
    public void The_scrape_address_is_derived_from_the_announce_address(string uri, string? begin)
    {
        bool has = AnnounceQuery.TryScrape(new Uri(uri), [Hash], out string target);
        Assert.Equal(begin is not null, has);
        Assert.Equal(begin is null ? "" : begin + EscapedHash, target);
    }

    [Fact]
    public void Several_torrents_are_scraped_at_once()
    {
        var other = InfoHash.Create(new byte[20].AsSpan());
        AnnounceQuery.TryScrape(new Uri("http://t/announce"), [Hash, other], out string target);
        Assert.Equal($"/scrape?info_hash={EscapedHash}&info_hash={string.Concat(Enumerable.Repeat("%00", 20))}", target);
    }
}
