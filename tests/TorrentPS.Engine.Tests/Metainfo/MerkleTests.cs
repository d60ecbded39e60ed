using System.Security.Cryptography;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

/// <summary>Hash trees, compared with a literal implementation of BEP 52: leaves of 16 KiB, zero hashes beyond the end, pairs up to the root.</summary>
public sealed class MerkleTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(16384)]
    [InlineData(16385)]
    [InlineData(5 * 16384)]
    [InlineData(16 * 16384 + 7)]
    public void A_root_follows_the_specification(int length)
    {
        byte[] data = Data(length);
        byte[] leaves = new byte[Merkle.BlockCount(length) * 32];
        Assert.Equal(leaves.Length / 32, Merkle.HashBlocks(data, leaves));
        int height = Merkle.HeightOver(leaves.Length / 32);
        Assert.Equal(Convert.ToHexString(PlainRoot(data)), Convert.ToHexString(Merkle.Root(leaves, 0, height)));
    }

    [Fact]
    public void Piece_roots_make_the_root_of_the_file()
    {
        const int PieceLength = 4 * 16384;
        byte[] data = Data(11 * 16384 + 100);
        List<byte> layer = [];
        for (int begin = 0; begin < data.Length; begin += PieceLength)
        {
            byte[] leaves = new byte[4 * 32];
            int count = Merkle.HashBlocks(data.AsSpan(begin, Math.Min(PieceLength, data.Length - begin)), leaves);
            layer.AddRange(Merkle.Root(leaves.AsSpan(0, count * 32), 0, Merkle.PieceHeight(PieceLength)));
        }

        byte[] root = Merkle.Root(layer.ToArray(), 2, 2 + Merkle.HeightOver(3)).ToArray();
        Assert.Equal(Convert.ToHexString(PlainRoot(data)), Convert.ToHexString(root));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 3)]
    [InlineData(513, 10)]
    public void Heights_are_those_of_the_next_power_of_two(long count, int height) => Assert.Equal(height, Merkle.HeightOver(count));

    [Fact]
    public void Padding_is_what_zero_leaves_make()
    {
        Assert.Equal(new byte[32], Merkle.Padding(0).ToArray());
        Assert.Equal(SHA256.HashData(new byte[64]), Merkle.Padding(1).ToArray());
        Assert.Equal(SHA256.HashData([.. SHA256.HashData(new byte[64]), .. SHA256.HashData(new byte[64])]), Merkle.Padding(2).ToArray());
    }

    [Theory]
    [InlineData(1, 65536, 0)]
    [InlineData(40_000, 65536, 2)]
    [InlineData(20_000, 65536, 1)]
    [InlineData(65_536, 65536, 2)]
    [InlineData(65_537, 65536, 2)]
    public void The_only_piece_of_a_file_has_the_height_of_the_file(long fileLength, int pieceLength, int height) =>
        Assert.Equal(height, Merkle.HeightOfPiece(fileLength, pieceLength));

    private static byte[] Data(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }

    private static byte[] PlainRoot(byte[] data)
    {
        List<byte[]> layer = [.. data.Chunk(16384).Select(SHA256.HashData)];
        while ((layer.Count & (layer.Count - 1)) != 0)
            layer.Add(new byte[32]);
        while (layer.Count > 1)
            layer = [.. layer.Chunk(2).Select(pair => SHA256.HashData([.. pair[0], .. pair[1]]))];
        return layer[0];
    }
}
