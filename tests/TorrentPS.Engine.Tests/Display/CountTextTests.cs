using TorrentPS.Engine.Display;

namespace TorrentPS.Engine.Tests.Display;

public sealed class CountTextTests
{
    [Theory]
    [InlineData(0, "peer", "0 peers")]
    [InlineData(1, "peer", "1 peer")]
    [InlineData(2, "peer", "2 peers")]
    [InlineData(1000, "web seed", "1000 web seeds")]
    [InlineData(1, "address", "1 address")]
    [InlineData(3, "address", "3 addresses")]
    public void Only_one_is_singular(long count, string noun, string expected) => Assert.Equal(expected, CountText.Of(count, noun));
}
