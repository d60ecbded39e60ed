using FsCheck.Xunit;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class MagnetLinkTests
{
    private const string V1 = "ed15190a158d519682760839ef900d40b1cf8981";
    private const string V2 = "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e";

    [Theory]
    [InlineData("magnet:?xt=urn:btih:" + V1)]
    [InlineData("MAGNET:?xt=urn:btih:ED15190A158D519682760839EF900D40B1CF8981")]
    [InlineData(" magnet:?xt.1=urn:btih:" + V1 + " ")]
    [InlineData("magnet:?xt=urn%3Abtih%3A" + V1)]
    [InlineData("magnet:?dn=x&xt=urn:sha1:abc&xt=urn:btih:" + V1)]
    [InlineData("magnet:?xt=urn:btih:5UKRSCQVRVIZNATWBA467EANICY47CMB")]
    [InlineData("magnet:?xt=urn:btih:5ukrscqvrviznatwba467eanicy47cmb")]
    public void Reads_v1_hashes(string text) => Assert.Equal(V1, MagnetLink.Parse(text).InfoHash.ToString());

    [Fact]
    public void Reads_v2_and_hybrid_hashes()
    {
        Assert.Equal(V2, MagnetLink.Parse("magnet:?xt=urn:btmh:1220" + V2).InfoHash.ToString());
        InfoHash both = MagnetLink.Parse($"magnet:?xt=urn:btmh:1220{V2}&xt=urn:btih:{V1}").InfoHash;
        Assert.True(both.HasV1 && both.HasV2);
    }

    [Fact]
    public void Reads_everything_else()
    {
        MagnetLink link = MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}&dn=a+b%20%26%20%c3%a9&xl=42&tr=http%3A%2F%2Ft%2Fannounce%3Fk%3D1&tr.2=udp://u:1&tr=wss://w"
            + "&tr=http://t/announce?k=1&tr=junk&amp;ws=http://s/f&x.pe=1.2.3.4:5&x.pe=[::1]:6&x.pe=host:7&x.pe=::1:8&x.pe=h:0&so=0,2,4,6-8,x,9-1");
        Assert.Equal("a b & é", link.DisplayName);
        Assert.Equal(42, link.Length);
        Assert.Equal(["http://t/announce?k=1", "udp://u:1/"], link.Trackers.Select(uri => uri.AbsoluteUri));
        Assert.Equal("http://s/f", Assert.Single(link.WebSeeds).AbsoluteUri);
        Assert.Equal(["1.2.3.4:5", "[::1]:6", "host:7"], link.Peers);
        Assert.Equal([(0, 0), (2, 2), (4, 4), (6, 8)], link.SelectedFiles);
        Assert.Equal([true, false, true, false, true, false, true, true, true, false], Enumerable.Range(0, 10).Select(link.IsFileSelected));
        Assert.Equal(link.ToString(), MagnetLink.Parse(link.ToString()).ToString());
        Assert.Equal($"magnet:?xt=urn:btih:{V1}&dn=a%20b%20%26%20%C3%A9&xl=42&tr=http%3A%2F%2Ft%2Fannounce%3Fk%3D1&tr=udp%3A%2F%2Fu%3A1&ws=http%3A%2F%2Fs%2Ff"
            + "&x.pe=1.2.3.4:5&x.pe=[::1]:6&x.pe=host:7&so=0,2,4,6-8", link.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://example.org")]
    [InlineData("magnet:")]
    [InlineData("magnet:?")]
    [InlineData("magnet:?dn=x")]
    [InlineData("magnet:?xt=urn:btih:")]
    [InlineData("magnet:?xt=urn:btih:ed15190a158d519682760839ef900d40b1cf898")]
    [InlineData("magnet:?xt=urn:btih:ed15190a158d519682760839ef900d40b1cf898g")]
    [InlineData("magnet:?xt=urn:btih:5UKRSCQVRVIZNATWBA467EANICY47CM1")]
    [InlineData("magnet:?xt=urn:btmh:1120" + V2)]
    [InlineData("magnet:?xt=urn:btmh:1220" + V1)]
    [InlineData("magnet:?xt=urn:btih:" + V1 + "&xt=urn:btih:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Refuses_text_that_is_not_a_magnet_link(string text)
    {
        Assert.Equal(TorrentErrorId.InvalidMagnetUri, Assert.Throws<TorrentException>(() => MagnetLink.Parse(text)).ErrorId);
        Assert.False(MagnetLink.TryParse(text, out _));
        Assert.False(MagnetLink.TryParse(null, out _));
    }

    [Theory]
    [InlineData("http://a", "A magnet link begins with 'magnet:?'")]
    [InlineData("magnet:?dn=x", "The magnet link has no info hash: 'xt=urn:btih:…' or 'xt=urn:btmh:1220…' is missing")]
    [InlineData("magnet:?xt=urn:btih:abc", "The info hash 'abc' is neither 40 hexadecimal digits nor 32 of base32")]
    [InlineData("magnet:?xt=urn:btmh:1220abc", "The info hash '1220abc' is not 1220 and 64 hexadecimal digits")]
    [InlineData("magnet:?xt=urn:btmh:1220" + V1, "The info hash '1220" + V1 + "' is not 1220 and 64 hexadecimal digits")]
    [InlineData("magnet:?xt=urn:btih:" + V1 + "&xt=urn:btih:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "The magnet link has two different v1 info hashes")]
    [InlineData("magnet:?xt=urn:btmh:1220" + V2 + "&xt=urn:btmh:1220aaf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e", "The magnet link has two different v2 info hashes")]
    public void Explains_why_it_is_invalid(string text, string why) => Assert.Equal(why, Assert.Throws<TorrentException>(() => MagnetLink.Parse(text)).Message);

    [Fact]
    public void Duplicate_hashes_are_allowed_and_of_all_else_the_first_counts()
    {
        MagnetLink link = MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}&xt=urn:btih:{V1.ToUpperInvariant()}&xt=urn:btmh:1220{V2}&xt=URN:BTMH:1220{V2}&dn=a&dn=b&xl=-1&xl=x&xl=1&xl=2&=x&dn&xl.1x=9&ws=http://w&ws=http://w/&x.pe=h:1&x.pe=h:1&tr.12=http://t&.1=x");
        Assert.Equal(("a", 1L), (link.DisplayName, link.Length));
        Assert.Equal((1, 1, 1), (link.WebSeeds.Count, link.Peers.Count, link.Trackers.Count));
        Assert.Equal($"magnet:?xt=urn:btih:{V1}&xt=urn:btmh:1220{V2}&dn=a&xl=1&tr=http%3A%2F%2Ft&ws=http%3A%2F%2Fw&x.pe=h:1", link.ToString());
        Assert.True(link.IsFileSelected(0));
    }

    [Theory]
    [InlineData("", V1)]
    [InlineData("&dn=%20", V1)]
    [InlineData("&dn=..", V1)]
    [InlineData("&dn=a/b:c", "a_b_c")]
    public void Its_name_is_safe_or_the_hash(string name, string expected) => Assert.Equal(expected, MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}{name}").Name);

    [Fact]
    public void A_torrents_link_has_its_hashes_name_size_trackers_and_web_seeds()
    {
        const string Files = "ld6:lengthi5e4:pathl1:aeed4:attr1:p6:lengthi11e4:pathl4:.padeed6:lengthi2e4:pathl1:beee";
        Torrent torrent = Torrent.Parse(System.Text.Encoding.ASCII.GetBytes($"d13:announce-listll8:http://a8:http://bel9:udp://c:1ee4:infod5:files{Files}4:name3:a b12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae8:url-list9:http://w/e"));
        Assert.Equal($"magnet:?xt=urn:btih:{torrent.InfoHash}&dn=a%20b&xl=7&tr=http%3A%2F%2Fa&tr=http%3A%2F%2Fb&tr=udp%3A%2F%2Fc%3A1&ws=http%3A%2F%2Fw%2F", MagnetLink.FromTorrent(torrent).ToString());
        Assert.Throws<ArgumentNullException>("torrent", () => MagnetLink.FromTorrent(null!));
        Assert.Throws<ArgumentNullException>("text", () => MagnetLink.Parse(null!));
    }

    [Fact]
    public void A_torrent_known_only_by_a_link_has_the_contents_of_the_link()
    {
        Torrent v1 = Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}&dn=n&xl=9&tr=http://a&tr=http://b&ws=http://w"));
        Assert.Equal((TorrentVersion.V1, "n", 9L, 2, 1, false, 0), (v1.Version, v1.Name, v1.Length, v1.Trackers.Count, v1.WebSeeds.Count, v1.HasMetadata, v1.Files.Count));
        Assert.Equal(TorrentVersion.V2, Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btmh:1220{V2}")).Version);
        Torrent hybrid = Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btmh:1220{V2}&xt=urn:btih:{V1}"));
        Assert.Equal((TorrentVersion.Hybrid, 0L), (hybrid.Version, hybrid.Length));
        Assert.NotNull(hybrid.Link);
        Assert.Throws<ArgumentNullException>("link", () => Torrent.FromLink(null!));
    }

    [Fact]
    public void Its_selection_has_ranges_with_both_ends()
    {
        MagnetLink link = MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}&so=3-3,5-7,-1,2-,1-x,-,,+4&so=9");
        Assert.Equal([(3, 3), (5, 7), (9, 9)], link.SelectedFiles);
        Assert.EndsWith("&so=3,5-7,9", link.ToString(), StringComparison.Ordinal);
        Assert.Equal([3, 5, 6, 7, 9], Enumerable.Range(0, 12).Where(link.IsFileSelected));
    }

    [Theory]
    [InlineData(65536, true)]
    [InlineData(65537, false)]
    public void It_has_64_KiB_of_characters_at_most(int length, bool isOne)
    {
        string link = $"magnet:?xt=urn:btih:{V1}&dn=";
        Assert.Equal(isOne, MagnetLink.TryParse($" {link.PadRight(length, 'x')} ", out _));
    }

    /// <summary>Each of these is within the limits of a link as it stands, and longer once it is escaped.</summary>
    [Theory]
    [InlineData("&dn=", "€", 8000, "&tr=http://t", 1)]
    [InlineData("&dn=", "😀", 8000, "&tr=http://t&so=1-2,4&xl=5", 1)]
    [InlineData("&dn=", "a", 65000, "&tr=http://t&x.pe=h:1", 1)]
    [InlineData("&dn=n&tr=http://t/", "€", 3000, "&ws=http://w&x.pe=h:1", 5)]
    [InlineData("&dn=n&ws=http://w/", "€", 3000, "&tr=http://t&x.pe=h:1", 5)]
    public void A_written_link_can_be_read_whatever_the_length_of_its_parts(string key, string character, int count, string rest, int times)
    {
        string part = key + string.Concat(Enumerable.Repeat(character, count));
        MagnetLink link = MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}{string.Concat(Enumerable.Range(0, times).Select(i => part + i))}{rest}");
        MagnetLink again = MagnetLink.Parse(link.ToString());
        Assert.Equal((link.InfoHash, link.Length, link.ToString()), (again.InfoHash, again.Length, again.ToString()));
        Assert.Equal(link.SelectedFiles, again.SelectedFiles);
        Assert.All(again.Trackers, tracker => Assert.Contains(tracker, link.Trackers));
        // What is short has room beside what is long.
        Assert.Equal(link.Trackers.Count(uri => uri.Host == "t" && uri.AbsolutePath == "/"), again.Trackers.Count(uri => uri.Host == "t" && uri.AbsolutePath == "/"));
        Assert.Equal(link.Peers, again.Peers);
        Assert.StartsWith(again.DisplayName!, link.DisplayName, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', again.DisplayName!);
    }

    [Fact]
    public void The_link_of_a_torrent_can_be_read_whatever_the_number_of_its_addresses()
    {
        MagnetLink again = LinkOf(200);
        Assert.InRange(again.Trackers.Count, 200, 400);
        Assert.Equal(Enumerable.Range(0, again.Trackers.Count).Select(i => $"t{i}"), again.Trackers.Select(uri => uri.Host));
        Assert.Equal(500, LinkOf(1).Trackers.Count);

        static MagnetLink LinkOf(int length)
        {
            string trackers = string.Concat(Enumerable.Range(0, 900).Select(i => $"http://t{i}/{new string('a', length)}").Select(uri => $"{uri.Length}:{uri}"));
            Torrent torrent = Torrent.Parse(System.Text.Encoding.ASCII.GetBytes(
                $"d13:announce-listll{trackers}ee4:infod6:lengthi1e4:name1:n12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae8:url-listl{trackers}ee"));
            string link = MagnetLink.FromTorrent(torrent).ToString();
            Assert.Equal(link, MagnetLink.Parse(link).ToString());
            return MagnetLink.Parse(link);
        }
    }

    [Fact]
    public void It_has_500_peers_at_most() =>
        Assert.Equal(500, MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}{string.Concat(Enumerable.Range(1, 501).Select(i => $"&x.pe=h:{i}"))}").Peers.Count);

    [Fact]
    public void Limits_its_contents()
    {
        string start = "magnet:?xt=urn:btih:" + V1;
        string many = string.Concat(Enumerable.Range(0, 3000).Select(i => $"&tr=http://t{i}&ws=http://w{i}"));
        Assert.Equal(TorrentErrorId.InvalidMagnetUri, Assert.Throws<TorrentException>(() => MagnetLink.Parse(start + many)).ErrorId);
        MagnetLink link = MagnetLink.Parse(start + many[..60000]);
        Assert.Equal(500, link.Trackers.Count);
        Assert.Equal(500, link.WebSeeds.Count);
        Assert.Equal(1000, MagnetLink.Parse(start + "&so=" + string.Join(',', Enumerable.Range(0, 3000))).SelectedFiles.Count);
    }

    [Theory]
    [InlineData("[::]:6\r&", "[::]:6")]
    [InlineData("%20h:1%0a", "h:1")]
    [InlineData("[fe80::1%2512]:6", "[fe80::1%12]:6")]
    public void A_peer_is_written_as_it_is_read(string value, string peer)
    {
        var link = MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}&x.pe={value}");
        Assert.Equal([peer], link.Peers);
        Assert.Equal([peer], MagnetLink.Parse(link.ToString()).Peers);
    }

    [Property(MaxTest = 2000)]
    public void Any_text_is_a_link_or_is_refused(string text, string?[] parts)
    {
        Assert.Equal(MagnetLink.TryParse(text, out MagnetLink? found), found is not null);
        string[] keys = ["xt", "dn", "tr", "ws", "x.pe", "so", "xl", "tr.1"];
        string joined = $"magnet:?xt=urn:btih:{V1}" + string.Concat(parts.Select((part, i) => $"&{keys[i % keys.Length]}={part}"));
        if (MagnetLink.TryParse(joined, out MagnetLink? link))
            Assert.Equal(link.ToString(), MagnetLink.Parse(link.ToString()).ToString());
    }
}
