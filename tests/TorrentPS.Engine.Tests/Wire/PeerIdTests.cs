using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Wire;

public sealed class PeerIdTests
{
    [Fact]
    public void A_new_id_has_our_prefix_and_is_a_different_one_each_time()
    {
        HashSet<string> ids = [];
        for (int i = 0; i < 1000; i++)
        {
            byte[] id = PeerId.Create();
            Assert.Equal(PeerId.Length, id.Length);
            Assert.True(id.AsSpan().StartsWith(PeerId.Prefix));
            Assert.True(ids.Add(Encoding.ASCII.GetString(id)));
            Assert.All(id, value => Assert.True(char.IsAsciiLetterOrDigit((char)value) || value == '-'));
        }

        Assert.Equal("TorrentPS 0.1.0", PeerId.ClientName(PeerId.Create()));
    }

    [Fact]
    public void Text_escapes_unsafe_characters()
    {
        Assert.Equal("-qB4520-~a%25b%20%00%7F%FFz", PeerId.ToText([.. "-qB4520-~a%b \0"u8, 0x7F, 0xFF, (byte)'z']));
        Assert.Null(PeerId.ToText([]));
        Assert.Equal("!~", PeerId.ToText("!~"u8));
    }

    [Theory]
    [InlineData("-qB4520-", "qBittorrent 4.5.2")]
    [InlineData("-qB5010-", "qBittorrent 5.0.1")]
    [InlineData("-TR0006-", "Transmission 0.6")]
    [InlineData("-TR0072-", "Transmission 0.72")]
    [InlineData("-TR1330-", "Transmission 1.33")]
    [InlineData("-TR3000-", "Transmission 3.00")]
    [InlineData("-TR4050-", "Transmission 4.0.5")]
    [InlineData("-TR410B-", "Transmission 4.1.0")]
    [InlineData("-LT2080-", "libtorrent 2.0.8")]
    [InlineData("-LT20B0-", "libtorrent 2.0.11")]
    [InlineData("-lt0D80-", "rTorrent 0.13.8")]
    [InlineData("-DE211s-", "Deluge 2.1.1")]
    [InlineData("-UT355W-", "\u00B5Torrent 3.5.5")]
    [InlineData("-AZ5760-", "Vuze 5.7.6")]
    [InlineData("-AZ2504-", "Vuze 2.5.0.4")]
    [InlineData("-BI3610-", "BiglyBT 3.6.1")]
    [InlineData("-WW0219-", "WebTorrent 2.19")]
    [InlineData("-??1234-", null)]
    [InlineData("-ZZ1234-", "ZZ 1234")]
    public void Azureus_style_ids_are_read(string prefix, string? client) => Assert.Equal(client, PeerId.ClientName(Id(prefix)));

    [Theory]
    [InlineData("A2-1-36-0-", "aria2 1.36.0")]
    [InlineData("A2-1-37-0-", "aria2 1.37.0")]
    [InlineData("A2-1-4-12-", "aria2 1.4.12")]
    [InlineData("A2-1-36-", null)]
    [InlineData("A2-x-36-0-", null)]
    [InlineData("M7-10-5--", "BitTorrent 7.10.5")]
    [InlineData("M4-3-6--", "BitTorrent 4.3.6")]
    [InlineData("M4-20-8-", null)]
    [InlineData("Q1-10-0--", "Queen Bee 1.10.0")]
    [InlineData("S58B-----", "Shadow 5.8.11")]
    [InlineData("T03I-----", "BitTornado 0.3.18")]
    [InlineData("A310--001", "ABC 3.1.0")]
    [InlineData("X310--001", null)]
    [InlineData("S!8B-----", null)]
    public void Other_styles_are_read(string prefix, string? client) => Assert.Equal(client, PeerId.ClientName(Id(prefix)));

    [Theory]
    [InlineData("-AZ2509-", "Vuze 2.5.0.9")]
    [InlineData("-AZ250A-", "Vuze 2.5.0")]
    [InlineData("-LT9AZz-", "libtorrent 9.10.35")]
    [InlineData("-LTaz01-", "libtorrent 36.61.0.1")]
    [InlineData("-WD0123-", "WebTorrent Desktop 1.23")]
    [InlineData("-WW1234-", "WebTorrent 12.34")]
    [InlineData("-a~1234-", "a~ 1234")]
    [InlineData("-4a1234-", "4a 1234")]
    [InlineData("-+B1234-", null)]
    [InlineData("-q!1234-", null)]
    [InlineData("+qB4520-", null)]
    [InlineData("-qB45201", null)]
    [InlineData("-ZZ1/34-", null)]
    [InlineData("-ZZ1:34-", null)]
    [InlineData("-ZZ1@34-", null)]
    [InlineData("-ZZ1[34-", null)]
    [InlineData("-ZZ1`34-", null)]
    [InlineData("-ZZ1{34-", null)]
    public void Version_characters_of_the_Azureus_style_are_digits_and_letters(string prefix, string? client) => Assert.Equal(client, PeerId.ClientName(Id(prefix)));

    [Theory]
    [InlineData("A58B-----", "ABC 5.8.11")]
    [InlineData("O58B-----", "Osprey Permaseed 5.8.11")]
    [InlineData("Q58B-----", "BTQueue 5.8.11")]
    [InlineData("R58B-----", "Tribler 5.8.11")]
    [InlineData("T58B-----", "BitTornado 5.8.11")]
    [InlineData("U58B-----", "UPnP NAT Bit Torrent 5.8.11")]
    [InlineData("S5-------", "Shadow 5")]
    [InlineData("S58--xx-x", "Shadow 5.8")]
    [InlineData("S5812--xx", "Shadow 5.8.1.2")]
    [InlineData("S12345--x", "Shadow 1.2.3.4.5")]
    [InlineData("Q12345--x", "BTQueue 1.2.3.4.5")]
    [InlineData("S12345-xx", null)]
    [InlineData("S123456--", null)]
    [InlineData("S5--xxxxx", null)]
    [InlineData("S58A-B-xx", null)]
    [InlineData("S------xx", null)]
    public void One_letter_and_a_version_up_to_two_dashes_are_Shadows_style(string prefix, string? client) => Assert.Equal(client, PeerId.ClientName(Id(prefix)));

    [Theory]
    [InlineData("M10-20-30--", "BitTorrent 10.20.30")]
    [InlineData("M10-20-300--", null)]
    [InlineData("M4-36--", null)]
    [InlineData("M4-3x6--", null)]
    [InlineData("N4-3-6--", null)]
    [InlineData("A2-1--36-0-", null)]
    [InlineData("A2-1-36-0x", null)]
    [InlineData("A2-100000-1000000-1-", "aria2 100000.1000000.1")]
    [InlineData("A2-100000-1000000-11", null)]
    public void Numbers_between_single_dashes_are_a_version(string prefix, string? client) => Assert.Equal(client, PeerId.ClientName(Id(prefix)));

    [Fact]
    public void Each_known_client_has_a_name()
    {
        const string Characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz~";
        string[] names = [.. from first in Characters from second in Characters
                             let name = PeerId.ClientName(Id($"-{first}{second}1234-"))
                             where name is not null && name != $"{first}{second} 1234"
                             select name];
        Assert.Equal(74, names.Length);
        Assert.All(names, name => Assert.Matches("^[\\p{L}].* (1\\.2\\.3\\.4|1\\.23|12\\.34)$", name));
    }

    [Fact]
    public void Garbage_is_no_client()
    {
        Assert.Null(PeerId.ClientName(new byte[20]));
        Assert.Null(PeerId.ClientName([]));
        Assert.Null(PeerId.ClientName("-qB4520-"u8));
        byte[] high = new byte[20];
        Array.Fill(high, (byte)0xFF);
        Assert.Null(PeerId.ClientName(high));
    }

    [Property(MaxTest = 500)]
    public bool A_name_is_always_fit_to_be_shown(byte[] tail, int style)
    {
        string[] starts = ["-", "-TR", "-qB", "A2-", "M7-", "S", "-LT20"];
        byte[] id = [.. Encoding.ASCII.GetBytes(starts[(style & int.MaxValue) % starts.Length]), .. tail, .. new byte[20]];
        string? name = PeerId.ClientName(id.AsSpan(0, 20));
        return name is null || !name.Any(char.IsControl);
    }

    /// <summary>Version bytes other than letters and digits must not be shown unchanged.</summary>
    [Fact]
    public void Odd_version_bytes_are_not_shown()
    {
        Assert.Null(PeerId.ClientName([.. "-ZZ"u8, 0x1B, (byte)'[', 1, 2, .. "-abcdefghijkl"u8]));
        Assert.Equal("Transmission", PeerId.ClientName([.. "-TR3"u8, 0x1B, (byte)'[', 2, .. "-abcdefghijkl"u8]));
    }

    private static byte[] Id(string prefix) => Encoding.ASCII.GetBytes(prefix.PadRight(PeerId.Length, 'x'));
}
