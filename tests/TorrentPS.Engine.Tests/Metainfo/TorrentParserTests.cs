#pragma warning disable CA5350 // BEP 3 names SHA-1.
using System.Security.Cryptography;
using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class TorrentParserTests
{
    private const string Hash = "aaaaaaaaaaaaaaaaaaaa";

    [Fact]
    public void Reads_a_single_file_torrent()
    {
        string info = $"d6:lengthi40000e6:md5sum3:abc4:name8:file.bin12:piece lengthi32768e6:pieces40:{Hash}{Hash}7:privatei1e6:source3:SRCe";
        Torrent torrent = Parse($"d8:announce17:http://t/announce7:comment2:hi10:created by4:tool13:creation datei1700000000e4:info{info}3:zzzi5ee");
        Assert.Equal("file.bin", torrent.Name);
        Assert.Equal(Convert.ToHexStringLower(SHA1.HashData(Latin1(info))), torrent.InfoHash.ToString());
        Assert.False(torrent.InfoHash.HasV2);
        Assert.Equal(TorrentVersion.V1, torrent.Version);
        Assert.True(torrent.IsSingleFile);
        Assert.Equal(40000, torrent.Length);
        Assert.Equal(32768, torrent.PieceLength);
        Assert.Equal(2, torrent.PieceCount);
        Assert.Equal(7232, torrent.LengthOfPiece(1));
        Assert.Equal(Hash, Encoding.ASCII.GetString(torrent.PieceHash(1)));
        Assert.Equal(new TorrentFile("file.bin", 40000, 0, 0), Assert.Single(torrent.Files));
        Assert.Equal("http://t/announce", Assert.Single(Assert.Single(torrent.Trackers)).OriginalString);
        Assert.True(torrent.IsPrivate);
        Assert.Equal(("hi", "tool", "SRC"), (torrent.Comment, torrent.CreatedBy, torrent.Source));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1700000000), torrent.CreationDate);
        Assert.Equal(info, Encoding.Latin1.GetString(torrent.InfoBytes.Span));
    }

    [Fact]
    public void Reads_a_multi_file_torrent_with_offsets()
    {
        Torrent torrent = Parse(Files($"d6:lengthi5e4:pathl1:a5:b.txteed6:lengthi0e4:pathl5:emptyeed6:lengthi3e4:pathl1:cee"));
        Assert.False(torrent.IsSingleFile);
        Assert.Equal(8, torrent.Length);
        TorrentFile[] expected = [new("dir/a/b.txt", 5, 0, 0), new("dir/empty", 0, 1, 5), new("dir/c", 3, 2, 5)];
        Assert.Equal(expected, torrent.Files);
    }

    [Fact]
    public void Uses_the_first_of_duplicate_keys_and_the_hash_of_the_original_bytes()
    {
        string info = $"d12:piece lengthi16384e6:pieces20:{Hash}4:name1:b4:name1:a6:lengthi7e6:lengthi9ee";
        Torrent torrent = Parse($"d4:info{info}4:infod4:name1:cee");
        Assert.Equal("b", torrent.Name);
        Assert.Equal(7, torrent.Length);
        Assert.Equal(Convert.ToHexStringLower(SHA1.HashData(Latin1(info))), torrent.InfoHash.ToString());
    }

    [Fact]
    public void Loads_an_empty_torrent()
    {
        Torrent torrent = Parse("d4:infod6:lengthi0e4:name1:a12:piece lengthi16384e6:pieces0:ee");
        Assert.Equal(0, torrent.Length);
        Assert.Equal(0, torrent.PieceCount);
        Assert.Single(torrent.Files);
    }

    [Fact]
    public void Takes_a_piece_length_that_is_no_power_of_two() => Assert.Equal(3, Parse(Single($"6:lengthi2500e", 3, 1000)).PieceCount);

    [Fact]
    public void Tolerates_a_line_break_after_the_end() => Assert.Equal("x", Parse(Single("6:lengthi1e") + "\n").Name);

    [Fact]
    public void Keeps_tiers_and_drops_invalid_trackers()
    {
        string list = "ll8:http://a8:http://bel0:7:wss://x1: 10:ftp://ftp.el8:http://ael12: udp://c:696eli5eedee";
        Torrent torrent = Parse("d8:announce8:http://z13:announce-list" + list + Single("6:lengthi1e")[1..]);
        string[][] tiers = [.. torrent.Trackers.Select(tier => tier.Select(uri => uri.AbsoluteUri).ToArray())];
        Assert.Equal(new string[][] { ["http://a/", "http://b/"], ["udp://c:696/"] }, tiers);
    }

    [Theory]
    [InlineData("d8:announce8:http://z13:announce-listle", "http://z/")]
    [InlineData("d8:announce8:http://z13:announce-listllee", "http://z/")]
    [InlineData("d8:announce8:http://z13:announce-listi5e", "http://z/")]
    [InlineData("d8:announce8:http://z13:announce-listl8:http://a8:http://be", "http://a/|http://b/")]
    [InlineData("d8:announcei7e", "")]
    [InlineData("d8:announce0:", "")]
    [InlineData("d8:announce9:not a url", "")]
    [InlineData("d8:announce7:http://", "")]
    public void Reads_odd_announces(string start, string expected)
    {
        Torrent torrent = Parse(start + Single("6:lengthi1e")[1..]);
        Assert.Equal(expected, string.Join('|', torrent.Trackers.Select(tier => string.Join(',', tier.Select(uri => uri.AbsoluteUri)))));
    }

    [Theory]
    [InlineData("8:url-list9:http://w/", "http://w/")]
    [InlineData("8:url-listl9:http://w/9:http://w/10:https://v/7:gopher:i3elee", "http://w/ https://v/")]
    [InlineData("8:url-list0:", "")]
    [InlineData("8:url-listd1:ai1ee", "")]
    public void Reads_web_seeds(string end, string expected)
    {
        Torrent torrent = Parse(Single("6:lengthi1e")[..^1] + end + "e");
        Assert.Equal(expected, string.Join(' ', torrent.WebSeeds.Select(uri => uri.AbsoluteUri)));
    }

    [Fact]
    public void Reads_nodes_and_drops_invalid_ones()
    {
        string nodes = "5:nodesll9:127.0.0.1i6881eel11:example.orgi1eel3:::1i2eel1:ai0eel1:ai65536eel3:a bi5eei7el1:aeli5e1:bee";
        Torrent torrent = Parse(Single("6:lengthi1e")[..^1] + nodes + "e");
        Assert.Equal(["127.0.0.1:6881", "example.org:1", "[::1]:2", "b:5"], torrent.Nodes);
    }

    [Theory]
    [InlineData("13:creation datei-1e")]
    [InlineData("13:creation datei253402300800e")]
    [InlineData("13:creation datei9223372036854775807e")]
    [InlineData("13:creation date3:now")]
    public void Ignores_an_impossible_date(string date) => Assert.Null(Parse("d" + date + Single("6:lengthi1e")[1..]).CreationDate);

    [Fact]
    public void Prefers_valid_UTF8_names()
    {
        string files = "d6:lengthi1e4:pathl1:xe10:path.utf-8l2:\u00c3\u00a9eed6:lengthi1e4:pathl1:ye10:path.utf-8l1:\u00e9ee";
        Torrent torrent = Parse($"d7:comment1:a13:comment.utf-82:\u00c3\u00a94:infod5:filesl{files}e4:name1:n10:name.utf-83:dir12:piece lengthi16384e6:pieces20:{Hash}ee");
        Assert.Equal("dir", torrent.Name);
        Assert.Equal(["dir/é", "dir/y"], torrent.Files.Select(file => file.Path));
        Assert.Equal("é", torrent.Comment);
    }

    [Theory]
    [InlineData("", "\u00c3\u00a9", "é")]
    [InlineData("", "\u00e9x", "_x")]
    [InlineData("8:encoding12:windows-1251", "\u00e9", "й")]
    [InlineData("8:encoding9:shift_jis", "\u0083\u0065", "テ")]
    [InlineData("8:encoding3:GBK", "\u00d6\u00d0", "中")]
    [InlineData("8:encoding5:utf-7", "+AC8-\u00e9", "+AC8-_")]
    [InlineData("8:encoding8:whatever", "\u00e9", "_")]
    [InlineData("8:encoding12:windows-1251", "\u00c3\u00a9", "é")]
    public void Reads_names_that_are_not_utf8(string encoding, string name, string expected)
    {
        Torrent torrent = Parse($"d{encoding}4:infod6:lengthi1e4:name{name.Length}:{name}12:piece lengthi16384e6:pieces20:{Hash}ee");
        Assert.Equal(expected, torrent.Name);
    }

    [Theory]
    [InlineData("0:")]
    [InlineData("1:.")]
    public void Names_a_torrent_without_a_name_by_its_hash(string name)
    {
        Torrent torrent = Parse($"d4:infod6:lengthi1e4:name{name}12:piece lengthi16384e6:pieces20:{Hash}ee");
        Assert.Equal(torrent.InfoHash.ToString(), torrent.Name);
        Assert.Equal(torrent.Name, torrent.Files[0].Path);
    }

    [Fact]
    public void Recognizes_padding_and_keeps_links_as_empty_files()
    {
        Torrent torrent = Parse(Files("d6:lengthi5e4:pathl1:aeed4:attr1:p6:lengthi11e4:pathl4:.pad2:11eed4:attr1:p6:lengthi11eed4:attr1:l4:pathl4:linke12:symlink pathl2:..6:secreteed6:lengthi2e4:pathl22:_____padding_file_0_xyee"));
        Assert.Equal([false, true, true, false, true], torrent.Files.Select(file => file.IsPadding));
        Assert.Equal("dir/link", torrent.Files[3].Path);
        Assert.Equal(0, torrent.Files[3].Length);
        Assert.Equal(29, torrent.Length);
    }

    [Fact]
    public void Makes_clashing_paths_unique()
    {
        Torrent torrent = Parse(Files("d6:lengthi1e4:pathl5:a.txteed6:lengthi1e4:pathl5:A.TXTeed6:lengthi1e4:pathl1:deed6:lengthi1e4:pathl1:D1:xee"));
        Assert.Equal(["dir/a.txt", "dir/A (1).TXT", "dir/d (1)", "dir/D/x"], torrent.Files.Select(file => file.Path));
    }

    [Theory]
    [InlineData("", TorrentErrorId.InvalidBencode, "There is no data", 0)]
    [InlineData("<html>", TorrentErrorId.InvalidBencode, "Byte 0x3c begins no value", 0)]
    [InlineData("i1e", TorrentErrorId.InvalidTorrent, "The data is not a dictionary", 0)]
    [InlineData("de", TorrentErrorId.InvalidTorrent, "'info' is missing", 0)]
    [InlineData("d3:fooi1ee", TorrentErrorId.InvalidTorrent, "'info' is missing", 0)]
    [InlineData("d4:infolee", TorrentErrorId.InvalidTorrent, "'info' is not a dictionary", 7)]
    [InlineData("d4:infod6:lengthi1e4:name1:aee", TorrentErrorId.InvalidTorrent, "'info.piece length' is missing", 7)]
    [InlineData("d8:announce21:http://tracker.test/a4:infod6:lengthi1e4:name1:aee", TorrentErrorId.InvalidTorrent, "'info.piece length' is missing", 41)]
    [InlineData("d4:infod6:lengthi1e4:name1:a12:piece lengthi0eee", TorrentErrorId.InvalidTorrent, "'info.piece length' is 0, not from 1 to 536854528", 43)]
    [InlineData("d4:infod6:lengthi1e4:name1:a12:piece length1:aee", TorrentErrorId.InvalidTorrent, "'info.piece length' is not an integer", 43)]
    [InlineData("d4:infod6:lengthi1e4:name1:a12:piece lengthi536854529eee", TorrentErrorId.InvalidTorrent, "'info.piece length' is 536854529, not from 1 to 536854528", 43)]
    [InlineData("d4:infod6:lengthi1e12:piece lengthi1e6:pieces0:ee", TorrentErrorId.InvalidTorrent, "'info.name' is missing", 7)]
    [InlineData("d4:infod6:lengthi1e4:namei1e12:piece lengthi1eee", TorrentErrorId.InvalidTorrent, "'info.name' is not a string", 25)]
    [InlineData("d4:infod4:name1:a12:piece lengthi1e6:pieces0:ee", TorrentErrorId.InvalidTorrent, "'info.length' is missing", 7)]
    [InlineData("d4:infod6:lengthi-1e4:name1:a12:piece lengthi1e6:pieces0:ee", TorrentErrorId.InvalidTorrent, "'info.length' is -1, which no file has", 16)]
    [InlineData("d4:infod6:lengthi281474976710656e4:name1:a12:piece lengthi1e6:pieces0:ee", TorrentErrorId.InvalidTorrent, "'info.length' is 281474976710656, which no file has", 16)]
    [InlineData("d4:infod6:lengthi1e4:name1:a12:piece lengthi1eee", TorrentErrorId.InvalidTorrent, "'info.pieces' is missing", 7)]
    [InlineData("d4:infod6:lengthi1e4:name1:a12:piece lengthi1e6:piecesi1eee", TorrentErrorId.InvalidTorrent, "'info.pieces' is not a string", 54)]
    [InlineData("d4:infod6:lengthi1e4:name1:a12:piece lengthi1e6:pieces0:ee", TorrentErrorId.InvalidTorrent, "'info.pieces' has 0 bytes, but 1 pieces need 20", 54)]
    [InlineData("d4:infod6:lengthi1e4:name1:a12:piece lengthi1e6:pieces3:abcee", TorrentErrorId.InvalidTorrent, "'info.pieces' has 3 bytes, but 1 pieces need 20", 54)]
    [InlineData("d4:infod5:filesle4:name1:a12:piece lengthi1e6:pieces0:ee", TorrentErrorId.InvalidTorrent, "'info.files' is empty", 15)]
    [InlineData("d4:infod5:files1:x4:name1:aee", TorrentErrorId.InvalidTorrent, "'info.files' is not a list", 15)]
    [InlineData("d4:infod5:filesli1ee4:name1:aee", TorrentErrorId.InvalidTorrent, "'info.files[0]' is not a dictionary", 16)]
    [InlineData("d4:infod5:filesld4:pathl1:aeee4:name1:aee", TorrentErrorId.InvalidTorrent, "'info.files[0].length' is missing", 16)]
    [InlineData("d4:infod5:filesld6:lengthi-5e4:pathl1:aeee4:name1:aee", TorrentErrorId.InvalidTorrent, "'info.files[0].length' is -5, which no file has", 25)]
    [InlineData("d4:infod5:filesld6:lengthlee4:pathl1:aeee4:name1:aee", TorrentErrorId.InvalidTorrent, "'info.files[0].length' is not an integer", 25)]
    [InlineData("d4:infod5:filesld6:lengthi1e4:pathi1eee4:name1:aee", TorrentErrorId.InvalidTorrent, "'info.files[0].path' is not a list", 34)]
    [InlineData("d4:infod5:filesld6:lengthi1eee4:name1:a12:piece lengthi1e6:pieces0:ee", TorrentErrorId.InvalidTorrent, "'info.files[0].path' is missing", 16)]
    [InlineData("d4:infod5:filesld6:lengthi1e4:pathleee4:name1:a12:piece lengthi1e6:pieces0:ee", TorrentErrorId.InvalidTorrent, "'info.files[0].path' is empty", 34)]
    [InlineData("d4:infod5:filesld6:lengthi1e4:pathl1:ai1eeee4:name1:a12:piece lengthi1e6:pieces0:ee", TorrentErrorId.InvalidTorrent, "'info.files[0].path' has a part that is not a string", 38)]
    [InlineData("d4:infod5:filesld6:lengthi1e4:pathl2:..1:aeee4:name1:a12:piece lengthi1e6:pieces0:ee", TorrentErrorId.UnsafePath, "'info.files[0].path' has the unsafe name '..': it leads to the folder above", 35)]
    [InlineData("d4:infod5:filesld6:lengthi1e4:pathl1:a4:/etceee4:name1:a12:piece lengthi1e6:pieces0:ee", TorrentErrorId.UnsafePath, "'info.files[0].path' has the unsafe name '/etc': it is an absolute path", 38)]
    [InlineData("d4:infod6:lengthi1e4:name2:..12:piece lengthi1e6:pieces0:ee", TorrentErrorId.UnsafePath, "'info.name' has the unsafe name '..': it leads to the folder above", 25)]
    [InlineData("d4:infod6:lengthi1e4:name3:a\0b12:piece lengthi1e6:pieces0:ee", TorrentErrorId.UnsafePath, "'info.name' has the unsafe name 'a\\u0000b': it has a NUL character", 25)]
    [InlineData("d4:infod6:lengthi1e4:name1:a12:piece lengthi1e6:pieces20:aaaaaaaaa", TorrentErrorId.InvalidBencode, "A string of 20 bytes reaches beyond the end of the data", 54)]
    public void Refuses_data_that_is_not_a_torrent_at_its_byte_and_key(string data, TorrentErrorId id, string message, int offset)
    {
        TorrentException exception = Assert.ThrowsAny<TorrentException>(() => Parse(data));
        Assert.Equal($"{message} (byte {offset})", exception.Message);
        Assert.Equal(id, exception.ErrorId);
    }

    [Fact]
    public void Refuses_more_than_its_limits()
    {
        Assert.Equal(TorrentErrorId.InvalidTorrent, Fault(new byte[10_000_001]).ErrorId);
        Assert.Contains("more than 2097152 pieces", Fault(Latin1("d4:infod6:lengthi2097153e4:name1:a12:piece lengthi1e6:pieces0:ee")).Message, StringComparison.Ordinal);
        // 2^48 - 1 so often that the sum overflows 64 bits.
        string files = string.Concat(Enumerable.Range(0, 70000).Select(i => $"d6:lengthi281474976710655e4:pathl5:{i:00000}ee"));
        Assert.Contains("more than 2097152 pieces", Fault(Latin1(Files(files))).Message, StringComparison.Ordinal);
        string parts = string.Concat(Enumerable.Repeat("1:a", 101));
        Assert.Contains("more than 100 parts", Fault(Latin1(Files($"d6:lengthi1e4:pathl{parts}ee"))).Message, StringComparison.Ordinal);
        string longParts = string.Concat(Enumerable.Repeat("255:" + new string('a', 255), 17));
        Assert.Equal(TorrentErrorId.UnsafePath, Fault(Latin1(Files($"d6:lengthi1e4:pathl{longParts}ee"))).ErrorId);
        string same = string.Concat(Enumerable.Repeat("d6:lengthi0e4:pathl1:aee", 600));
        Assert.Equal(TorrentErrorId.UnsafePath, Fault(Latin1(Files(same))).ErrorId);
        byte[] bomb = [.. "d4:info"u8, .. Enumerable.Repeat((byte)'l', 150_000)];
        Assert.Equal(TorrentErrorId.InvalidTorrent, Fault(bomb).ErrorId);
        byte[] hidden = [.. "d1:a"u8, .. Enumerable.Repeat((byte)'l', 150_000)];
        Assert.Equal(103, Assert.IsType<BencodeException>(Fault(hidden)).ByteOffset);
    }

    [Fact]
    public void Reads_an_info_dictionary_alone()
    {
        string whole = Single("6:lengthi1e");
        byte[] info = Latin1(whole)[7..^1];
        MagnetLink magnet = MagnetLink.Parse("magnet:?xt=urn:btih:" + new string('a', 40) + "&tr=http://a&tr=udp://b:1&ws=http://w/");
        Torrent torrent = Torrent.ParseInfo(info, magnet);
        Assert.Equal(Parse(whole).InfoHash, torrent.InfoHash);
        Assert.Equal(2, torrent.Trackers.Count);
        Assert.Single(torrent.WebSeeds);
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => Torrent.ParseInfo("d6:lengthi1e4:name2:..12:piece lengthi1e6:pieces0:e"u8.ToArray())).ErrorId);
        Assert.Equal(TorrentErrorId.InvalidTorrent, Assert.Throws<TorrentException>(() => Torrent.ParseInfo("le"u8.ToArray())).ErrorId);
        Assert.Throws<BencodeException>(() => Torrent.ParseInfo(Latin1(Encoding.Latin1.GetString(info) + "x")));
    }

    private static string Single(string length, int pieces = 1, int pieceLength = 16384) =>
        $"d4:infod{length}4:name1:x12:piece lengthi{pieceLength}e6:pieces{pieces * 20}:{string.Concat(Enumerable.Repeat(Hash, pieces))}ee";

    private static string Files(string files) => $"d4:infod5:filesl{files}e4:name3:dir12:piece lengthi16384e6:pieces20:{Hash}ee";

    private static TorrentException Fault(byte[] data) => Assert.ThrowsAny<TorrentException>(() => Torrent.Parse(data));

    private static Torrent Parse(string data) => Torrent.Parse(Latin1(data));

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);
}
