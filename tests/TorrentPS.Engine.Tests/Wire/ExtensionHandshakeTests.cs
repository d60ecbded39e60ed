using System.Net;
using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Wire;

public sealed class ExtensionHandshakeTests
{
    [Theory]
    [InlineData("192.0.2.7")]
    [InlineData("2001:db8::7")]
    public void Is_read_as_written(string address)
    {
        ExtensionHandshake sent = new()
        {
            Extensions = new Dictionary<string, byte> { ["ut_pex"] = 2, ["lt_donthave"] = 7 },
            Client = "Client \u00E4 1.0",
            RequestQueue = 321,
            Port = 6881,
            YourIP = IPAddress.Parse(address),
            IsUploadOnly = true,
        };
        ExtensionHandshake read = ExtensionHandshake.Read(sent.ToBytes());
        Assert.Equal(sent.Extensions.OrderBy(pair => pair.Key), read.Extensions.OrderBy(pair => pair.Key));
        Assert.Equal((sent.Client, sent.RequestQueue, sent.Port, sent.YourIP, sent.IsUploadOnly), (read.Client, read.RequestQueue, read.Port, read.YourIP, read.IsUploadOnly));
    }

    [Fact]
    public void Is_written_with_sorted_keys() =>
        Assert.Equal("d1:md1:ai1e1:bi2ee1:pi5e4:reqqi6e11:upload_onlyi1e1:v1:x6:yourip4:\u0001\u0002\u0003\u0004e", Encoding.Latin1.GetString(new ExtensionHandshake
        {
            Extensions = new Dictionary<string, byte> { ["b"] = 2, ["a"] = 1 },
            Port = 5,
            RequestQueue = 6,
            IsUploadOnly = true,
            Client = "x",
            YourIP = new IPAddress([1, 2, 3, 4]),
        }.ToBytes()));

    [Fact]
    public void Missing_counts_stay_unknown()
    {
        ExtensionHandshake read = Read("de");
        Assert.Empty(read.Extensions);
        Assert.Equal((null, null, null, null, null), (read.Client, read.RequestQueue, read.Port, read.YourIP, read.IsUploadOnly));
        Assert.Equal("de", Encoding.Latin1.GetString(new ExtensionHandshake().ToBytes()).Replace("1:mde", ""));
    }

    [Fact]
    public void Bytes_after_the_dictionary_are_ignored() => Assert.Equal(9, Read("d4:reqqi9eetrailing").RequestQueue);

    [Fact]
    public void Values_of_other_kinds_are_skipped()
    {
        ExtensionHandshake read = Read("d1:ali1ei2ee1:md6:ut_pexi1e3:badd1:xi1ee4:huge3:abce1:pl1:ae4:reqq2:xx1:vi5e6:yourip3:abc1:zd1:ai1eee");
        Assert.Equal(["ut_pex"], read.Extensions.Keys);
        Assert.Equal((null, null, null, null), (read.Client, read.RequestQueue, read.Port, read.YourIP));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, 1)]
    [InlineData(65535, 65535)]
    [InlineData(65536, null)]
    [InlineData(-1, null)]
    public void Only_port_numbers_are_ports(int value, int? port) => Assert.Equal(port, Read($"d1:pi{value}ee").Port);

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void Only_bytes_are_message_ids(int value, bool taken) => Assert.Equal(taken, Read($"d1:md1:xi{value}eee").Extensions.ContainsKey("x"));

    [Theory]
    [InlineData("13:metadata_sizei0e", null, null)]
    [InlineData("13:metadata_sizei1e", 1L, null)]
    [InlineData("13:metadata_sizei-1e", null, null)]
    [InlineData("13:metadata_sizei5000000000e", 5000000000L, null)]
    [InlineData("11:upload_onlyi0e", null, false)]
    [InlineData("11:upload_onlyi1e", null, true)]
    [InlineData("11:upload_onlyi-5e", null, true)]
    [InlineData("11:upload_only1:1", null, null)]
    public void Only_numbers_are_sizes_and_nonzero_is_true(string entry, long? size, bool? isUploadOnly)
    {
        ExtensionHandshake read = Read($"d{entry}e");
        Assert.Equal((size, isUploadOnly), (read.MetadataSize, read.IsUploadOnly));
    }

    [Fact]
    public void Is_written_with_all_its_contents()
    {
        ExtensionHandshake all = new() { MetadataSize = 7, IsUploadOnly = false, YourIP = IPAddress.IPv6Loopback, Client = "\u00FC" };
        Assert.Equal("d1:mde13:metadata_sizei7e11:upload_onlyi0e1:v2:\u00C3\u00BC6:yourip16:\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\u0001e", Encoding.Latin1.GetString(all.ToBytes()));
    }

    [Fact]
    public void Of_an_extension_declared_twice_the_last_counts_and_unknown_ones_are_ignored()
    {
        ExtensionHandshake read = Read("d1:md1:ai1e1:ai2e1:b1:x1:ci3ee4:reqqi5ee");
        Assert.Equal([new("a", 2), new("c", 3)], read.Extensions.OrderBy(pair => pair.Key));
        Assert.Equal(5, read.RequestQueue);
    }

    [Fact]
    public void Data_that_is_not_a_dictionary_is_reported_as_such() =>
        Assert.Equal("The extension handshake is not a dictionary (byte 0)", Assert.Throws<BencodeException>(() => Read("le")).Message);

    [Fact]
    public void The_number_of_extensions_is_bounded()
    {
        StringBuilder text = new("d1:md");
        for (int i = 0; i < 200; i++)
            text.Append("4:x").Append(i.ToString("000", null)).Append("i1e");
        Assert.Equal(50, Read(text.Append("ee").ToString()).Extensions.Count);
    }

    [Theory]
    [InlineData("Evil\u001B[31m\r\nClient\u0000", "Evil[31mClient")]
    [InlineData("a\u202Eb\u2028c", "abc")]
    [InlineData("a\u2029b\uE000c\u200Bd", "abcd")]
    [InlineData(" \u00A0Client 1\u00A0", "Client 1")]
    [InlineData("\u0007\u0001 ", null)]
    [InlineData("", null)]
    public void The_client_name_cannot_control_a_terminal(string sent, string? shown)
    {
        byte[] text = Encoding.UTF8.GetBytes(sent);
        Assert.Equal(shown, ExtensionHandshake.Read([.. Encoding.ASCII.GetBytes($"d1:v{text.Length}:"), .. text, (byte)'e']).Client);
    }

    [Fact]
    public void The_client_name_is_shortened_and_broken_text_is_shown_as_such()
    {
        Assert.Equal(64, Read($"d1:v5000:{new string('x', 5000)}e").Client!.Length);
        Assert.Equal("a\uFFFDb", ExtensionHandshake.Read([.. "d1:v3:a"u8, 0xFF, .. "be"u8]).Client);
    }

    [Theory]
    [InlineData("")]
    [InlineData("le")]
    [InlineData("i1e")]
    [InlineData("d")]
    [InlineData("d1:m")]
    [InlineData("d1:md")]
    [InlineData("d1:v99:x")]
    [InlineData("d4:reqqi99999999999999999999999ee")]
    [InlineData("di1ei2ee")]
    public void Broken_data_is_a_bencode_error(string text) => Assert.Throws<BencodeException>(() => Read(text));

    [Fact]
    public void Depth_and_tokens_are_limited()
    {
        Assert.Throws<BencodeException>(() => Read("d1:a" + new string('l', 30) + new string('e', 30) + "e"));
        Assert.Throws<BencodeException>(() => Read("d1:al" + string.Concat(Enumerable.Repeat("i1e", 1500)) + "ee"));
        Assert.Throws<BencodeException>(() => Read("d1:a" + new string('l', 10) + new string('e', 10) + "e"));
        Assert.Empty(Read("d1:a" + new string('l', 9) + new string('e', 9) + "e").Extensions);
        Assert.Throws<BencodeException>(() => Read("d1:al" + string.Concat(Enumerable.Repeat("i1e", 996)) + "ee"));
        Assert.Empty(Read("d1:al" + string.Concat(Enumerable.Repeat("i1e", 995)) + "ee").Extensions);
    }

    [Property(MaxTest = 1000)]
    public bool Hostile_bytes_are_at_worst_a_bencode_error(byte[] bytes, bool inDictionary) => IsSafe(inDictionary ? [(byte)'d', .. bytes] : bytes);

    [Property(MaxTest = 1000)]
    public bool A_broken_handshake_is_at_worst_a_bencode_error(int position, byte value, int cut)
    {
        byte[] bytes = new ExtensionHandshake { Extensions = new Dictionary<string, byte> { ["ut_pex"] = 1 }, Client = "abc", Port = 1, RequestQueue = 250, YourIP = IPAddress.Loopback }.ToBytes();
        bytes[(position & int.MaxValue) % bytes.Length] = value;
        return IsSafe(bytes[..((cut & int.MaxValue) % (bytes.Length + 1))]) && IsSafe(bytes);
    }

    private static bool IsSafe(byte[] bytes)
    {
        return Record.Exception(() => ExtensionHandshake.Read(bytes)) is null or BencodeException;
    }

    private static ExtensionHandshake Read(string text) => ExtensionHandshake.Read(Encoding.UTF8.GetBytes(text));
}
