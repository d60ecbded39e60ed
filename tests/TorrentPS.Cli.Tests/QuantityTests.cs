using TorrentPS.Cli.Output;

namespace TorrentPS.Cli.Tests;

public sealed class QuantityTests
{
    [Fact]
    public void Progress_shows_the_rate_the_time_left_and_the_peers() =>
        Assert.Equal("↓ 512 B/s, 6 s left, 2 peers", ProgressDisplay.Details(Samples.Download));

    [Fact]
    public void Progress_shows_a_pause() =>
        Assert.Equal("paused", ProgressDisplay.Details(Samples.Download with { State = TorrentState.Paused }));
}
