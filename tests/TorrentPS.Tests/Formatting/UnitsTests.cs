using System.Globalization;
using TorrentPS.Formatting;

namespace TorrentPS.Tests.Formatting;

public sealed class UnitsTests
{
    public UnitsTests() => CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(10189, "9.95 KiB")]
    [InlineData(102400, "100 KiB")]
    [InlineData(1048575, "1.00 MiB")]
    [InlineData(4425252864, "4.12 GiB")]
    [InlineData(long.MaxValue, "8.00 EiB")]
    public void Sizes_have_three_digits_and_a_unit(long bytes, string expected) => Assert.Equal(expected, Units.Size(bytes));

    [Fact]
    public void No_size_is_wider_than_eight_characters()
    {
        for (int power = 0; power < 63; power++)
        {
            Assert.InRange(Units.Size(1L << power).Length, 1, 8);
            Assert.InRange(Units.Size((1L << power) - 1).Length, 1, 8);
        }
    }

    [Fact]
    public void Rates_are_a_second() => Assert.Equal("5.00 MiB/s", Units.Rate(5 << 20));

    [Theory]
    [InlineData(0, "0.0 s")]
    [InlineData(59.94, "59.9 s")]
    [InlineData(245, "04:05")]
    [InlineData(3845, "1:04:05")]
    [InlineData(273900, "3d 04:05")]
    public void Durations_are_short(double seconds, string expected) => Assert.Equal(expected, Units.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Missing_values_are_empty()
    {
        Assert.Empty(Units.Duration(null));
        Assert.Empty(Units.Latency(null));
    }

    [Theory]
    [InlineData(0.4, "0.4 ms")]
    [InlineData(24.3, "24 ms")]
    [InlineData(4999, "4999 ms")]
    public void Latencies_are_in_milliseconds(double milliseconds, string expected) => Assert.Equal(expected, Units.Latency(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData(0, "0.0 %")]
    [InlineData(45.21, "45.2 %")]
    [InlineData(100, "100 %")]
    public void Percents_have_one_decimal(double percent, string expected) => Assert.Equal(expected, Units.Percent(percent));

    [Fact]
    public void Nothing_reads_as_all_before_it_is() => Assert.Equal("99.9 %", Units.Percent(99.99));
}
