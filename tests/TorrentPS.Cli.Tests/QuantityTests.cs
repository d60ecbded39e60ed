using TorrentPS.Cli.Output;

namespace TorrentPS.Cli.Tests;

public sealed class QuantityTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(1L << 40, "1 TiB")]
    [InlineData(long.MaxValue, "8 EiB")]
    public void Sizes(long bytes, string expected) => Assert.Equal(expected, Quantity.Size(bytes));

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(0.25, "250 ms")]
    [InlineData(12.34, "12.3 s")]
    [InlineData(75, "1 min 15 s")]
    [InlineData(3700, "1 h 1 min")]
    [InlineData(200_000, "2 d 7 h")]
    public void Durations(double seconds, string expected) => Assert.Equal(expected, Quantity.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Progress_says_how_fast_how_long_and_from_how_many() =>
        Assert.Equal("↓ 512 B/s, 6.0 s left, 2 peers", ProgressDisplay.Details(Samples.Download));
}
