using TorrentPS.Engine.Swarm.WebSeeds;

namespace TorrentPS.Engine.Tests.Swarm.WebSeeds;

public sealed class RunLengthTests
{
    private const int MiB = 1 << 20;

    [Fact]
    public void Runs_of_a_fast_web_seed_soon_take_two_seconds()
    {
        RunLength length = new();
        Assert.Equal(MiB, length.Next);
        length.Ended(length.Next, 0.1);
        Assert.Equal(4 * MiB, length.Next); // no larger at once, since little was measured
        length.Ended(length.Next, 0.4);
        Assert.Equal(16 * MiB, length.Next);
        length.Ended(length.Next, 1.6);
        Assert.Equal(20 * MiB, length.Next, 1.0);
        length.Ended(length.Next, 0);
        Assert.Equal(64 * MiB, length.Next);
    }

    [Fact]
    public void Runs_of_a_slow_web_seed_are_short()
    {
        RunLength length = new();
        length.Ended(MiB, 20.97152);
        Assert.InRange(length.Next, 99_999, 100_000);
        length.Ended(100_000, 1e6);
        Assert.Equal(64 << 10, length.Next);
    }

    [Fact]
    public void A_web_seed_that_sent_nothing_changes_nothing()
    {
        RunLength length = new();
        length.Ended(0, 30);
        Assert.Equal(MiB, length.Next);
    }
}
