using System.Globalization;
using TorrentPS.Engine.Display;

namespace TorrentPS.Engine.Tests.Display;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData(-1, "0 ms")]
    [InlineData(0, "0 ms")]
    [InlineData(0.25, "250 ms")]
    [InlineData(0.9999, "1.0 s")]
    [InlineData(12.34, "12.3 s")]
    [InlineData(59.94, "59.9 s")]
    [InlineData(59.96, "1 min 0 s")]
    [InlineData(75, "1 min 15 s")]
    [InlineData(3599.9, "59 min 59 s")]
    [InlineData(3700, "1 h 1 min")]
    [InlineData(200_000, "2 d 7 h")]
    public void Has_two_units_at_most(double seconds, string expected) => Assert.Equal(expected, DurationText.Of(TimeSpan.FromSeconds(seconds), CultureInfo.InvariantCulture));

    [Theory]
    [InlineData(0.2, "1 s")]
    [InlineData(15, "15 s")]
    [InlineData(75, "1 min 15 s")]
    public void The_time_left_has_no_decimals(double seconds, string expected) => Assert.Equal(expected, DurationText.Left(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0.4, "0.4 ms")]
    [InlineData(24.3, "24 ms")]
    [InlineData(4999, "4999 ms")]
    public void Latencies_are_in_milliseconds(double milliseconds, string expected) => Assert.Equal(expected, DurationText.Latency(TimeSpan.FromMilliseconds(milliseconds), CultureInfo.InvariantCulture));

    [Theory]
    [InlineData(0, "0.0 %")]
    [InlineData(45.29, "45.2 %")]
    [InlineData(99.99, "99.9 %")]
    [InlineData(100, "100 %")]
    public void Nothing_shows_as_complete_before_it_is(double percent, string expected) => Assert.Equal(expected, PercentText.Of(percent, CultureInfo.InvariantCulture));
}
