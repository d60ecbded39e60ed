#pragma warning disable CA5350 // BEP 3 names SHA-1.
using System.Security.Cryptography;
using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class TorrentBuilderTests
{
    [Fact]
    public void Writes_several_files_as_mktorrent_does()
    {
        byte[] data = [(byte)'x', .. new byte[70000], .. "hello"u8];
        var builder = new TorrentBuilder("d", 32768)
        {
            Trackers = [[new("http://t/announce"), new("http://t2/announce")], [new("http://u/announce")]],
            WebSeeds = [new("http://w/")],
            Comment = "cmt",
            CreatedBy = "mktorrent 1.1",
            IsPrivate = true,
            Source = "SRC",
            PieceHashes = HashPieces(data, 32768),
        };
        builder.AddFile("Z", 1);
        builder.AddFile("a.bin", 70000);
        builder.AddFile("b/one.txt", 5);
        byte[] built = builder.Build();
        // The info hash of the torrent that mktorrent 1.1 creates for the same folder, without a date.
        Assert.Equal("bbf348c115062aaca4055f4f5302340b40b310999b683e714f7e4a93fef43535", Convert.ToHexStringLower(SHA256.HashData(built)));
        Torrent torrent = Torrent.Parse(built);
        Assert.Equal("85418cf09c68502a991963b6477eb43e0bed7ca8", torrent.InfoHash.ToString());
        Assert.Equal(["d/Z", "d/a.bin", "d/b/one.txt"], torrent.Files.Select(file => file.Path));
        Assert.Equal(2, torrent.Trackers.Count);
    }

    [Fact]
    public void Writes_one_file_as_mktorrent_does()
    {
        var builder = new TorrentBuilder("one.txt", 32768)
        {
            Trackers = [[new("http://t/announce")]],
            WebSeeds = [new("http://w/"), new("http://v/x")],
            CreatedBy = "mktorrent 1.1",
            PieceHashes = HashPieces("hello"u8.ToArray(), 32768),
        };
        builder.SetSingleFile(5);
        byte[] built = builder.Build();
        Assert.Equal("6cd87535ff682252a8a7ca9b8bbb4bfaaa345821a4f721238fbfd653e401709e", Convert.ToHexStringLower(SHA256.HashData(built)));
        Assert.Equal("18503a7ab9ee97a7445e62b7681229c618e77658", Torrent.Parse(built).InfoHash.ToString());
    }

    [Fact]
    public void Refuses_input_that_makes_no_torrent()
    {
        var builder = new TorrentBuilder("d", 16384);
        Assert.Throws<InvalidOperationException>(builder.Build);
        Assert.Throws<ArgumentException>(() => builder.AddFile("", 1));
        Assert.Throws<ArgumentException>(() => builder.AddFile("../a", 1));
        Assert.Throws<ArgumentException>(() => builder.AddFile("a//b", 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.AddFile("a", -1));
        builder.AddFile("a", 1);
        Assert.Throws<InvalidOperationException>(builder.Build);
        Assert.Throws<InvalidOperationException>(() => builder.SetSingleFile(1));
        Assert.Throws<InvalidOperationException>(() => builder.AddFile("b", 1L << 40));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TorrentBuilder("d", 0));
    }

    [Theory]
    [InlineData(0, 16 << 10)]
    [InlineData(1, 16 << 10)]
    [InlineData(23_726_566, 16 << 10)]
    [InlineData(23_726_567, 32 << 10)]
    [InlineData(1L << 30, 1 << 20)]
    [InlineData(1_518_500_249, 1 << 20)]
    [InlineData(1_518_500_251, 2 << 20)]
    [InlineData(1L << 40, 16 << 20)]
    [InlineData((400_000L << 24) - 1, 16 << 20)]
    [InlineData(400_000L << 24, 32 << 20)]
    [InlineData(1L << 48, 256 << 20)]
    [InlineData(long.MaxValue, 256 << 20)]
    public void Chooses_a_piece_length(long size, int expected) => Assert.Equal(expected, TorrentBuilder.ChoosePieceLength(size));

    [Property]
    public void Its_torrents_can_be_read(ushort[] lengths, string? comment, bool isPrivate, uint date)
    {
        var builder = new TorrentBuilder("folder", 16384)
        {
            Comment = comment is null ? null : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(comment)),
            IsPrivate = isPrivate,
            CreationDate = DateTimeOffset.FromUnixTimeSeconds(date),
        };
        builder.AddFile("first", 7);
        for (int i = 0; i < lengths.Length; i++)
            builder.AddFile($"sub{i % 3}/{i}", lengths[i]);
        builder.PieceHashes = new byte[builder.PieceCount * 20];
        Torrent torrent = Torrent.Parse(builder.Build());
        Assert.Equal([7, .. lengths.Select(length => (long)length)], torrent.Files.Select(file => file.Length));
        Assert.Equal(builder.Length, torrent.Length);
        Assert.Equal(builder.PieceCount, torrent.PieceCount);
        Assert.Equal(string.IsNullOrEmpty(builder.Comment) ? null : builder.Comment, torrent.Comment);
        Assert.Equal(isPrivate, torrent.IsPrivate);
        Assert.Equal(builder.CreationDate, torrent.CreationDate);
        for (int i = 1; i < torrent.Files.Count; i++)
            Assert.Equal(torrent.Files[i - 1].Offset + torrent.Files[i - 1].Length, torrent.Files[i].Offset);
    }

    private static byte[] HashPieces(byte[] data, int pieceLength) => [.. data.Chunk(pieceLength).SelectMany(piece => SHA1.HashData(piece))];
}
