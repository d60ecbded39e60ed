using System.Globalization;
using TorrentPS.Pipeline;

namespace TorrentPS.Tests.Pipeline;

public sealed class HashingProgressTests
{
    public HashingProgressTests() => CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

    [Theory]
    [InlineData(1 << 20, 4 << 20, 2, 25, 6, "1 MiB of 4 MiB, 512 KiB/s, 6 s left")]
    [InlineData(1 << 20, 400 << 20, 1, 0, 399, "1 MiB of 400 MiB, 1 MiB/s, 6 min 39 s left")]
    [InlineData(4 << 20, 4 << 20, 4, 100, 0, "4 MiB of 4 MiB, 1 MiB/s")]
    [InlineData(0, 4 << 20, 0, 0, -1, "0 B of 4 MiB, 0 B/s")]
    [InlineData(0, 0, 1, 100, -1, "0 B of 0 B, 0 B/s")]
    public void It_shows_percent_rate_and_time_left(long done, long total, int seconds, int percent, int left, string status)
    {
        Assert.Equal((status, percent, left), HashingProgress.Describe(done, total, TimeSpan.FromSeconds(seconds)));
    }
}
