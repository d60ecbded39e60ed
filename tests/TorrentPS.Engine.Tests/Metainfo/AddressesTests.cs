using System.Text;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

/// <summary>Limits on the number and length of a torrent's addresses, and valid addresses.</summary>
public sealed class AddressesTests
{
    private const string Info = "4:infod6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";

    [Fact]
    public void A_thousand_of_each_kind_are_read()
    {
        string addresses = string.Concat(Enumerable.Range(0, 1001).Select(i => $"13:http://a{i:00000}"));
        string nodes = string.Concat(Enumerable.Range(0, 1001).Select(i => $"l6:n{i:00000}i1ee"));
        Torrent torrent = Parse($"d13:announce-listl{addresses}e9:httpseedsl{addresses}e{Info}5:nodesl{nodes}e8:url-listl{addresses}ee");
        Assert.Equal((1000, 1000, 1000, 1000), (torrent.Trackers.Count, torrent.HttpSeeds.Count, torrent.Nodes.Count, torrent.WebSeeds.Count));
        torrent = Parse($"d13:announce-listll{addresses}ee{Info}e");
        Assert.Equal(1000, Assert.Single(torrent.Trackers).Count);
    }

    [Theory]
    [InlineData(4096, 1)]
    [InlineData(4097, 0)]
    public void An_address_has_4096_bytes_at_most(int length, int read)
    {
        string address = "http://a/" + new string('x', length - 9);
        Torrent torrent = Parse($"d8:announce{length}:{address}{Info}8:url-list{length}:{address}e");
        Assert.Equal((read, read), (torrent.Trackers.Count, torrent.WebSeeds.Count));
        torrent = Parse($"d13:announce-listl{length}:{address}e{Info}8:url-listl{length}:{address}ee");
        Assert.Equal((read, read), (torrent.Trackers.Count, torrent.WebSeeds.Count));
    }

    [Fact]
    public void Nested_lists_in_a_tier_are_ignored()
    {
        Torrent torrent = Parse($"d13:announce-listll8:http://al8:http://bed1:xl8:http://dee8:http://cel8:http://eed1:xi1eei7ee{Info}e");
        Assert.Equal(["http://a http://c", "http://e"], torrent.Trackers.Select(tier => string.Join(' ', tier.Select(uri => uri.OriginalString))));
    }

    [Theory]
    [InlineData("l4:hosti7ee", "host:7")]
    [InlineData("l4:hosti1ee", "host:1")]
    [InlineData("l4:hosti65535ee", "host:65535")]
    [InlineData("l4:host5:otheri7ei8ee", "host:7")]
    [InlineData("li7e4:hoste", "host:7")]
    [InlineData("l4:hostd1:ai1eei7ee", "host:7")]
    [InlineData("l4:hosti0ei7ee", "host:7")]
    [InlineData("l3:::1i2ee", "[::1]:2")]
    [InlineData("l9:192.0.2.1i2ee", "192.0.2.1:2")]
    [InlineData("l4:hosti-1ee", null)]
    [InlineData("l4:hosti65536ee", null)]
    [InlineData("l4:hoste", null)]
    [InlineData("li7ee", null)]
    [InlineData("l0:i7ee", null)]
    [InlineData("le", null)]
    [InlineData("d4:hosti7ee", null)]
    public void A_node_is_a_host_and_a_port(string node, string? expected) =>
        Assert.Equal(expected is null ? ["last:1"] : [expected, "last:1"], Parse($"d{Info}5:nodesl{node}l4:lasti1eeee").Nodes);

    [Fact]
    public void A_node_whose_host_name_is_too_long_is_invalid()
    {
        Assert.Empty(Parse($"d{Info}5:nodesll256:{new string('a', 256)}i7eeee").Nodes);
        string longest = string.Join('.', Enumerable.Repeat(new string('a', 49), 5)) + ".aaaaa";
        Assert.Single(Parse($"d{Info}5:nodesll{longest.Length}:{longest}i7eeee").Nodes);
    }

    [Theory]
    [InlineData("192.0.2.1:1", true)]
    [InlineData("[::1]:65535", true)]
    [InlineData("a-b.example:6881", true)]
    [InlineData("host:65536", false)]
    [InlineData("host:0", false)]
    [InlineData("host:", false)]
    [InlineData("host:+1", false)]
    [InlineData("host: 1", false)]
    [InlineData(":1", false)]
    [InlineData("a", false)]
    [InlineData("1", false)]
    [InlineData("::1:1", false)]
    [InlineData("[::1:1", false)]
    [InlineData("::1]:1", false)]
    [InlineData("[host]:1", false)]
    [InlineData("[192.0.2.1]:1", false)]
    [InlineData("a b:1", false)]
    [InlineData("[]:1", false)]
    public void A_host_and_a_port_have_a_colon_between_them_and_IPv6_has_brackets(string text, bool isOne) => Assert.Equal(isOne, MetainfoAddresses.IsHostAndPort(text));

    [Theory]
    [InlineData("http://a", true, true)]
    [InlineData(" https://a/ ", true, true)]
    [InlineData("udp://a:1", true, false)]
    [InlineData("ftp://a", false, false)]
    [InlineData("wss://a", false, false)]
    [InlineData("http://", false, false)]
    [InlineData("/a", false, false)]
    [InlineData("file:///a", false, false)]
    public void Trackers_are_asked_by_HTTP_or_UDP_and_web_seeds_by_HTTP(string address, bool isTracker, bool isWebSeed) =>
        Assert.Equal((isTracker, isWebSeed), (MetainfoAddresses.TryTracker(address, out _), MetainfoAddresses.TryWebSeed(address, out _)));

    [Fact]
    public void Added_trackers_come_first_and_none_comes_twice()
    {
        Uri own = new("http://a/"), other = new("udp://b:1"), third = new("http://c/");
        Torrent read = Parse($"d13:announce-listll8:http://aee{Info}e");
        foreach (TorrentInfo torrent in new[] { new TorrentInfo(read), new TorrentInfo(Torrent.FromLink(MagnetLink.FromTorrent(read))) })
        {
            TorrentInfo more = torrent.WithTrackers([[other, own], [third, other], [own]]);
            Assert.Equal([[other], [third], [own]], more.Trackers);
            Assert.Equal([[own]], torrent.Trackers);
            Assert.Equal(torrent.InfoHash, more.InfoHash);
            Assert.Equal([other, third, own], MagnetLink.Parse(more.MagnetUri).Trackers);
            Assert.Equal(more.Trackers, more.WithTrackers([[third]]).Trackers);
            Assert.Equal(torrent.Trackers, torrent.WithTrackers().Trackers);
        }

        // The metadata of a magnet link's torrent comes with the added trackers, too.
        MagnetLink link = Torrent.FromLink(MagnetLink.FromTorrent(read)).WithTrackers([[other]]).Link!;
        Assert.Equal([[other], [own]], Torrent.ParseInfo(read.InfoBytes, link).Trackers);
    }

    private static Torrent Parse(string data) => Torrent.Parse(Encoding.Latin1.GetBytes(data));
}
