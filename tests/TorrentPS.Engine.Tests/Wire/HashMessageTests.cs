using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Wire;

public sealed class HashMessageTests
{
    private static readonly byte[] s_root = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Fact]
    public void A_request_has_the_layout_of_BEP_52()
    {
        byte[] bytes = new byte[HashMessage.Length];
        HashMessage.Write(bytes, MessageId.HashRequest, s_root, new HashRange(2, 0x0102, 512, 0x07));
        Assert.Equal("00000031" + "15" + Convert.ToHexString(s_root) + "00000002" + "00000102" + "00000200" + "00000007", Convert.ToHexString(bytes));
        Assert.True(HashMessage.TryRead(bytes.AsSpan(5), out ReadOnlySpan<byte> root, out HashRange range, out ReadOnlySpan<byte> hashes));
        Assert.Equal(s_root, root.ToArray());
        Assert.Equal(new HashRange(2, 0x0102, 512, 7), range);
        Assert.True(hashes.IsEmpty);
        Assert.False(HashMessage.TryRead(bytes.AsSpan(5, 47), out _, out _, out _));
    }

    [Fact]
    public void Hashes_follow_the_request()
    {
        byte[] bytes = [.. new byte[HashMessage.Length], 1, 2, 3];
        HashMessage.Write(bytes, MessageId.Hashes, s_root, new HashRange(1, 2, 2, 3), hashesLength: 3);
        Assert.Equal("00000034" + "16", Convert.ToHexString(bytes.AsSpan(0, 5)));
        Assert.True(HashMessage.TryRead(bytes.AsSpan(5), out ReadOnlySpan<byte> root, out HashRange range, out ReadOnlySpan<byte> hashes));
        Assert.Equal([1, 2, 3], hashes.ToArray());
        Assert.Equal(s_root, root.ToArray());
        Assert.Equal(new HashRange(1, 2, 2, 3), range);
    }

    [Theory]
    [InlineData(3, 512, 9, 12, 513)]
    [InlineData(2, 4, 5, 4, 8)]
    [InlineData(2, 4, 0, 4, 4)]
    public void A_range_has_a_top_and_a_number_of_hashes_in_the_answer(int baseLayer, int length, int proofLayers, int top, int hashes)
    {
        HashRange range = new(baseLayer, 0, length, proofLayers);
        Assert.Equal((top, 32 * hashes), (range.TopLayer, range.HashesLength));
    }

    [Theory]
    [InlineData(0, 4, 0, 0)]
    [InlineData(0, 4, 1, 0)] // the first log2(length) - 1 proof layers follow from the hashes themselves
    [InlineData(0, 4, 2, 1)]
    [InlineData(0, 4, 5, 4)]
    [InlineData(3, 512, 9, 1)]
    [InlineData(3, 2, 0, 0)]
    [InlineData(3, 2, 3, 3)]
    public void Proof_layers_that_follow_from_the_hashes_are_omitted(int baseLayer, int length, int proofLayers, int uncles) =>
        Assert.Equal(uncles, new HashRange(baseLayer, 0, length, proofLayers).ProofCount);

    [Theory]
    [InlineData(2, 0, 4, 1, 4, true)]
    [InlineData(2, 4, 2, 2, 5, true)]
    [InlineData(4, 0, 1, 0, 4, false)] // the root needs no proof
    [InlineData(5, 0, 1, 0, 4, false)]
    [InlineData(0, 0, 8192, 0, 13, true)] // the maximum
    [InlineData(0, 8192, 8192, 0, 14, true)]
    [InlineData(0, 16384, 8192, 0, 14, false)]
    [InlineData(2, 0, 2, 2, 5, true)] // up to just below the root
    [InlineData(2, 0, 2, -1, 5, false)]
    [InlineData(4, 0, 1, 1, 4, false)]
    [InlineData(2, 0, 8, 0, 4, false)] // longer than the layer
    [InlineData(2, 3, 2, 1, 5, false)] // not aligned
    [InlineData(2, 0, 3, 1, 5, false)] // not a power of two
    [InlineData(2, 8, 2, 1, 5, false)] // beyond the end
    [InlineData(2, 0, 2, 3, 5, false)] // above the root
    [InlineData(-1, 0, 2, 0, 5, false)]
    [InlineData(6, 0, 2, 0, 5, false)]
    [InlineData(0, 0, 16384, 0, 20, false)] // too many
    [InlineData(0, -2, 2, 0, 20, false)]
    [InlineData(0, 0, 0, 0, 20, false)]
    [InlineData(0, 0, 2, int.MaxValue, 20, false)]
    [InlineData(0, int.MaxValue, 2, 0, 20, false)]
    public void Only_ranges_of_the_tree_are_accepted(int baseLayer, int index, int length, int proofLayers, int height, bool isIn) =>
        Assert.Equal(isIn, new HashRange(baseLayer, index, length, proofLayers).IsIn(height));
}
