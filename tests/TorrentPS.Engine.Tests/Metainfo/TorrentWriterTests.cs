using System.Text;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

/// <summary>The .torrent of an info dictionary received from peers, with the other values of the magnet link.</summary>
public sealed class TorrentWriterTests
{
    private const string V1 = "d6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
    private const string V2 = "d9:file treed1:ad0:d6:lengthi16385e11:pieces root32:@eee12:meta versioni2e4:name1:a12:piece lengthi16384ee";

    [Theory]
    [InlineData("", $"d4:info{V1}e")]
    [InlineData("&tr=http://a", $"d8:announce8:http://a4:info{V1}e")]
    [InlineData("&tr=http://a&tr=udp://b:1", $"d8:announce8:http://a13:announce-listll8:http://ael9:udp://b:1ee4:info{V1}e")]
    [InlineData("&ws=http://w/", $"d4:info{V1}8:url-listl9:http://w/ee")]
    [InlineData("&ws=http://w/&ws=http://v/", $"d4:info{V1}8:url-listl9:http://w/9:http://v/ee")]
    public void Has_the_trackers_and_web_seeds_of_the_magnet_link(string link, string expected)
    {
        Torrent torrent = Torrent.ParseInfo(Encoding.ASCII.GetBytes(V1), MagnetLink.Parse($"magnet:?xt=urn:btih:{new string('0', 40)}{link}"));
        Assert.Equal(expected, Encoding.ASCII.GetString(torrent.ToBytes().Span));
        Assert.Equal(torrent.InfoHash, Torrent.Parse(torrent.ToBytes()).InfoHash);
    }

    [Fact]
    public void Has_the_piece_layers_that_peers_sent()
    {
        byte[] leaves = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        byte[] root = Merkle.Root([.. leaves], 0, 1).ToArray();
        byte[] info = [.. Encoding.ASCII.GetBytes(V2[..V2.IndexOf('@', StringComparison.Ordinal)]), .. root, .. Encoding.ASCII.GetBytes(V2[(V2.IndexOf('@', StringComparison.Ordinal) + 1)..])];
        byte[] layers = [.. "d32:"u8, .. root, .. "64:"u8, .. leaves, (byte)'e'];
        Torrent torrent = Torrent.ParseInfo(info, null, layers);
        Assert.Equal([.. "d4:info"u8, .. info, .. "12:piece layers"u8, .. layers, (byte)'e'], torrent.ToBytes().ToArray());
        Assert.Equal(layers, PieceLayerWriter.Write([(root, leaves), (root, leaves)]));
    }

    [Fact]
    public void Has_all_other_keys_and_several_trackers_of_a_tier()
    {
        Torrent read = Torrent.ParseInfo(Encoding.ASCII.GetBytes(V1));
        Torrent torrent = new()
        {
            Name = read.Name,
            InfoHash = read.InfoHash,
            Version = read.Version,
            PieceLength = read.PieceLength,
            Length = read.Length,
            PieceCount = read.PieceCount,
            Files = read.Files,
            IsSingleFile = true,
            InfoBytes = read.InfoBytes,
            Trackers = [[new Uri("http://a"), new Uri("http://b")]],
            Comment = "c",
            CreatedBy = "p",
            CreationDate = DateTimeOffset.FromUnixTimeSeconds(7),
        };
        Assert.Equal($"d8:announce8:http://a13:announce-listll8:http://a8:http://bee7:comment1:c10:created by1:p13:creation datei7e4:info{V1}e", Encoding.ASCII.GetString(torrent.ToBytes().Span));
    }

    [Fact]
    public void A_magnet_link_alone_has_no_file() =>
        Assert.Contains("magnet link alone", Assert.Throws<InvalidOperationException>(() => Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btih:{new string('0', 40)}")).ToBytes()).Message);
}
