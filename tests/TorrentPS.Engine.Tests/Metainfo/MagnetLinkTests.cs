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
    public void Refuses_what_is_no_magnet_link(string text)
    {
        Assert.Equal(TorrentErrorId.InvalidMagnetUri, Assert.Throws<TorrentException>(() => MagnetLink.Parse(text)).ErrorId);
        Assert.False(MagnetLink.TryParse(text, out _));
        Assert.False(MagnetLink.TryParse(null, out _));
    }

    [Fact]
    public void Bounds_what_it_takes()
    {
        string start = "magnet:?xt=urn:btih:" + V1;
        string many = string.Concat(Enumerable.Range(0, 3000).Select(i => $"&tr=http://t{i}&ws=http://w{i}"));
        Assert.Equal(TorrentErrorId.InvalidMagnetUri, Assert.Throws<TorrentException>(() => MagnetLink.Parse(start + many)).ErrorId);
        MagnetLink link = MagnetLink.Parse(start + many[..60000]);
        Assert.Equal(500, link.Trackers.Count);
        Assert.Equal(500, link.WebSeeds.Count);
        Assert.Equal(1000, MagnetLink.Parse(start + "&so=" + string.Join(',', Enumerable.Range(0, 3000))).SelectedFiles.Count);
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
