using FsCheck.Xunit;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

public sealed class FairShareTests
{
    [Theory]
    [InlineData(new int[0], 10, int.MaxValue)]
    [InlineData(new[] { 3, 4 }, 7, int.MaxValue)]
    [InlineData(new[] { 3, 5 }, 7, 4)]
    [InlineData(new[] { 250, 2, 2, 2 }, 100, 94)] // slow ones leave the rest to fast ones
    [InlineData(new[] { 250, 250, 250, 250 }, 100, 25)]
    [InlineData(new[] { 5, 5, 5 }, 2, 0)]
    public void Divides_the_rest_of_small_demands_equally(int[] wanted, long available, int level) =>
        Assert.Equal(level, FairShare.Level(wanted, available));

    [Property(MaxTest = 500)]
    public void Returns_everything_and_no_more(int[] some, ushort available)
    {
        int[] wanted = [.. some.Select(value => Math.Abs(value % 1000))];
        int level = FairShare.Level([.. wanted], available);
        long given = wanted.Sum(value => (long)Math.Min(value, level));
        Assert.True(given <= available);
        if (level < int.MaxValue)
            Assert.True(wanted.Sum(value => Math.Min(value, level + 1L)) > available, "there was enough for more");
        else
            Assert.Equal(wanted.Sum(value => (long)value), given);
    }
}
