using System.Security.Cryptography;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class HashTreeTests
{
    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(1, 0, 2)]
    [InlineData(2, 0, 1)]
    [InlineData(3, 0, 2)]
    [InlineData(5, 0, 4)]
    [InlineData(3, 2, 5)]
    public void Each_node_is_the_hash_of_its_children_and_missing_nodes_are_padding(int known, int layer, int root)
    {
        byte[] nodes = [.. Enumerable.Range(1, known).SelectMany(i => SHA256.HashData([(byte)i]))];
        HashTree tree = new(nodes, layer, root);
        int height = root - layer;
        Assert.Equal(((2 << height) - 1) * 32, tree.Length);
        for (int i = 0; i < 1 << height; i++)
            Assert.Equal(i < known ? SHA256.HashData([(byte)(i + 1)]) : Merkle.Padding(layer).ToArray(), tree.Node(0, i).ToArray());
        for (int level = 1; level <= height; level++)
        {
            Assert.Equal(32 << (height - level), tree.Layer(level).Length);
            for (int i = 0; i < 1 << (height - level); i++)
                Assert.Equal(SHA256.HashData([.. tree.Node(level - 1, 2 * i), .. tree.Node(level - 1, 2 * i + 1)]), tree.Node(level, i).ToArray());
        }
    }

    [Fact]
    public void A_whole_layer_is_hashed_up_to_another()
    {
        byte[] nodes = [.. Enumerable.Range(0, 8).SelectMany(i => SHA256.HashData([(byte)i]))];
        HashTree tree = new(nodes, 3, 6);
        foreach (int target in (int[])[3, 4, 5, 6])
        {
            byte[] hashed = [.. nodes];
            Merkle.HashLayerUp(hashed, 3, target);
            Assert.Equal(tree.Layer(target - 3).ToArray(), hashed[..(256 >> (target - 3))]);
        }
    }
}
