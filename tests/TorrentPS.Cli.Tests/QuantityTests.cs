using TorrentPS.Cli.Output;

namespace TorrentPS.Cli.Tests;

public sealed class QuantityTests
{
    [Fact]
    public void Progress_says_how_fast_how_long_and_from_how_many() =>
        Assert.Equal("↓ 512 B/s, 6 s left, 2 peers", ProgressDisplay.Details(Samples.Download));
}
