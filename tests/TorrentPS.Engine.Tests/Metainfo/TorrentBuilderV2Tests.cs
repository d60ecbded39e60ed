using System.Security.Cryptography;
using System.Text;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

/// <summary>Version 2 and hybrid torrents, compared byte for byte with BEP 52.</summary>
public sealed class TorrentBuilderV2Tests
{
    private const string Nodes = "0123456789abcdefghijklmnopqrstuv";

    private static string Root(char first) => first + Nodes[1..];

    private static byte[] Roots(params char[] pieces) => Encoding.ASCII.GetBytes(string.Concat(pieces.Select(Root)));

    private static string Written(TorrentBuilder builder) => Encoding.Latin1.GetString(builder.Build());

    [Fact]
    public void A_single_file_of_a_piece()
    {
        TorrentBuilder builder = new("a", 16384, TorrentVersion.V2) { PieceRoots = Roots('A') };
        builder.SetSingleFile(5, isExecutable: true);
        Assert.Equal($"d4:infod9:file treed1:ad0:d4:attr1:x6:lengthi5e11:pieces root32:{Root('A')}eee12:meta versioni2e4:name1:a12:piece lengthi16384ee12:piece layersdee", Written(builder));
    }

    [Fact]
    public void Nested_folders_empty_files_and_files_of_several_pieces()
    {
        TorrentBuilder builder = new("n", 16384, TorrentVersion.V2) { PieceRoots = Roots('A', 'B', 'C', 'D') };
        builder.AddFile("a/b/c", 0);
        builder.AddFile("a/b/d", 20_000);
        builder.AddFile("a/e", 1);
        builder.AddFile("f", 16384);
        string root = Encoding.Latin1.GetString(SHA256.HashData(Roots('A', 'B')));
        Assert.Equal(4, builder.PieceCount);
        Assert.Equal(36_385, builder.Length);
        Assert.Equal(
            $"d4:infod9:file treed1:ad1:bd1:cd0:d6:lengthi0eee1:dd0:d6:lengthi20000e11:pieces root32:{root}eee1:ed0:d6:lengthi1e11:pieces root32:{Root('C')}eee"
                + $"1:fd0:d6:lengthi16384e11:pieces root32:{Root('D')}eee12:meta versioni2e4:name1:n12:piece lengthi16384ee12:piece layersd32:{root}64:{Root('A')}{Root('B')}ee",
            Written(builder));
        Torrent read = Torrent.Parse(builder.Build());
        Assert.Equal([(0L, 0L), (0L, 20_000L), (32_768L, 1L), (49_152L, 16_384L)], read.Files.Select(file => (file.Offset, file.Length)));
    }

    [Fact]
    public void A_hybrid_has_padding_after_each_file_that_ends_in_a_piece()
    {
        string hashes = new('h', 60);
        TorrentBuilder builder = new("n", 16384, TorrentVersion.Hybrid) { PieceRoots = Roots('A', 'B', 'C'), PieceHashes = Encoding.ASCII.GetBytes(hashes) };
        builder.AddFile("a", 5, isExecutable: true);
        builder.AddFile("b", 16384);
        builder.AddFile("c", 16383);
        Assert.Equal(
            $"d4:infod9:file treed1:ad0:d4:attr1:x6:lengthi5e11:pieces root32:{Root('A')}ee1:bd0:d6:lengthi16384e11:pieces root32:{Root('B')}ee1:cd0:d6:lengthi16383e11:pieces root32:{Root('C')}eee"
                + "5:filesld4:attr1:x6:lengthi5e4:pathl1:aeed4:attr1:p6:lengthi16379e4:pathl4:.pad5:16379eed6:lengthi16384e4:pathl1:bee"
                + "d6:lengthi16383e4:pathl1:ceed4:attr1:p6:lengthi1e4:pathl4:.pad1:1eee"
                + $"12:meta versioni2e4:name1:n12:piece lengthi16384e6:pieces60:{hashes}e12:piece layersdee",
            Written(builder));
    }

    [Fact]
    public void A_hybrid_of_one_file_has_no_padding()
    {
        string hash = new('h', 20);
        TorrentBuilder single = new("a", 16384, TorrentVersion.Hybrid) { PieceRoots = Roots('A'), PieceHashes = Encoding.ASCII.GetBytes(hash) };
        single.SetSingleFile(5, isExecutable: true);
        Assert.Equal($"d4:infod4:attr1:x9:file treed1:ad0:d4:attr1:x6:lengthi5e11:pieces root32:{Root('A')}eee6:lengthi5e12:meta versioni2e4:name1:a12:piece lengthi16384e6:pieces20:{hash}e12:piece layersdee", Written(single));
        TorrentBuilder folder = new("n", 16384, TorrentVersion.Hybrid) { PieceRoots = Roots('A'), PieceHashes = Encoding.ASCII.GetBytes(hash) };
        folder.AddFile("a", 5);
        Assert.Contains("5:filesld6:lengthi5e4:pathl1:aeee12:", Written(folder));
    }

    [Fact]
    public void Refuses_text_that_is_not_a_tracker()
    {
        foreach (int length in (int[])[8192, 16385, 24576])
            Assert.Contains("power of two from 16384 bytes", Assert.Throws<ArgumentException>("pieceLength", () => new TorrentBuilder("n", length, TorrentVersion.V2)).Message);
        TorrentBuilder builder = new("n", 16384, TorrentVersion.Hybrid);
        builder.AddFile("b", 5);
        Assert.Contains("'a' does not come after 'b'", Assert.Throws<ArgumentException>("path", () => builder.AddFile("a", 1)).Message);
        Assert.Contains("does not come after", Assert.Throws<ArgumentException>("path", () => builder.AddFile("b", 1)).Message);
        Assert.Contains("1 pieces need 20 bytes of hashes, not 0", Assert.Throws<InvalidOperationException>(builder.Build).Message);
        builder.PieceHashes = new byte[20];
        Assert.Contains("1 pieces need 32 bytes of roots, not 0", Assert.Throws<InvalidOperationException>(builder.Build).Message);
        builder.PieceRoots = new byte[32];
        builder.Build();
        Assert.Contains("more than 2097152 pieces", Assert.Throws<InvalidOperationException>(() => builder.AddFile("c", (2097151L << 14) + 1)).Message);
        builder.AddFile("c", 2097151L << 14);
        Assert.Contains("has files already", Assert.Throws<InvalidOperationException>(() => builder.SetSingleFile(1)).Message);
        TorrentBuilder single = new("n", 16384, TorrentVersion.V2);
        single.SetSingleFile(1);
        Assert.Contains("of one file", Assert.Throws<InvalidOperationException>(() => single.AddFile("z", 1)).Message);
        Assert.Contains("has files already", Assert.Throws<InvalidOperationException>(() => single.SetSingleFile(1)).Message);
        Assert.Contains("needs a file", Assert.Throws<InvalidOperationException>(() => new TorrentBuilder("n", 1).Build()).Message);
        Assert.Contains("'a/./b' has an empty part", Assert.Throws<ArgumentException>("path", () => new TorrentBuilder("n", 1).AddFile("a/./b", 1)).Message);
    }

    [Fact]
    public void Pieces_end_with_the_data_the_file_or_the_padding()
    {
        Torrent v2 = Torrent.Parse(Build(TorrentVersion.V2)), hybrid = Torrent.Parse(Build(TorrentVersion.Hybrid));
        Assert.Equal([16384, 3616, 1, 16384], Enumerable.Range(0, 4).Select(v2.LengthOfPiece));
        Assert.Equal([16384, 16384, 16384, 16384], Enumerable.Range(0, 4).Select(v2.ServedLengthOfPiece));
        Assert.Equal([16384, 3616, 1, 16384], Enumerable.Range(0, 4).Select(v2.DataLengthOfPiece));
        Assert.Equal([16384, 16384, 16384, 16384], Enumerable.Range(0, 4).Select(hybrid.LengthOfPiece));
        Assert.Equal([16384, 16384, 16384, 16384], Enumerable.Range(0, 4).Select(hybrid.ServedLengthOfPiece));
        Assert.Equal([16384, 3616, 1, 16384], Enumerable.Range(0, 4).Select(hybrid.DataLengthOfPiece));
        Assert.Equal([1, 1, 1, 2, 2, 3], new long[] { 0, 19_999, 32_767, 32_768, 49_151, 49_152 }.Select(v2.FileAt));

        static byte[] Build(TorrentVersion version)
        {
            TorrentBuilder builder = new("n", 16384, version) { PieceRoots = Roots('A', 'B', 'C', 'D'), PieceHashes = new byte[version == TorrentVersion.V2 ? 0 : 80] };
            builder.AddFile("a", 0);
            builder.AddFile("b", 20_000);
            builder.AddFile("c", 1);
            builder.AddFile("d", 16384);
            return builder.Build();
        }
    }
}
