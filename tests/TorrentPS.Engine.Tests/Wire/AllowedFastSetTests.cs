using System.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Wire;

public sealed class AllowedFastSetTests
{
    private static readonly byte[] s_hash = [.. Enumerable.Repeat((byte)0xaa, 20)];

    private static int[] Of(string address, int pieces, int size) => AllowedFastSet.Of(IPAddress.Parse(address), s_hash, pieces, size);

    [Fact]
    public void The_sets_of_the_proposal()
    {
        Assert.Equal([1059, 431, 808, 1217, 287, 376, 1188], Of("80.4.4.200", 1313, 7));
        Assert.Equal([1059, 431, 808, 1217, 287, 376, 1188, 353, 508], Of("80.4.4.200", 1313, 9));
    }

    [Fact]
    public void Neighbours_get_the_same_set_and_others_another()
    {
        Assert.Equal(Of("80.4.4.200", 1313, 9), Of("80.4.4.1", 1313, 9));
        Assert.Equal(Of("80.4.4.200", 1313, 9), Of("::ffff:80.4.4.200", 1313, 9));
        Assert.NotEqual(Of("80.4.4.200", 1313, 9), Of("80.4.5.200", 1313, 9));
        Assert.Equal(Of("2001:db8::1", 1313, 9), Of("2001:db8::2", 1313, 9));
        Assert.NotEqual(Of("2001:db8::1", 1313, 9), Of("2001:db8:0:1::1", 1313, 9));
    }

    [Fact]
    public void All_of_few_pieces_are_allowed()
    {
        Assert.Equal([0, 1, 2], Of("80.4.4.200", 3, 10));
        Assert.Equal(Enumerable.Range(0, 10), Of("80.4.4.200", 10, 10));
        Assert.NotEqual(Enumerable.Range(0, 10), Of("80.4.4.200", 11, 10));
        Assert.Equal(11, Of("80.4.4.200", 12, 11).Distinct().Count());
        Assert.Empty(Of("80.4.4.200", 0, 10));
    }

    [Theory]
    [InlineData(16384, 10)]
    [InlineData(1 << 20, 10)]
    [InlineData(4 << 20, 4)]
    [InlineData(16 << 20, 1)]
    [InlineData(64 << 20, 1)]
    public void Fewer_long_pieces_are_allowed(int pieceLength, int size) => Assert.Equal(size, AllowedFastSet.SizeFor(pieceLength));
}
