using System.Globalization;
using TorrentPS.Formatting;

namespace TorrentPS.Tests.Formatting;

public sealed class UnitsTests
{
    public UnitsTests() => CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };

    [Fact]
    public void Numbers_are_formatted_by_the_culture()
    {
        Assert.Equal("9,95 KiB", Units.Size(10189));
        Assert.Equal("9,95 KiB/s", Units.Rate(10189));
        Assert.Equal("12,3 s", Units.Duration(TimeSpan.FromSeconds(12.34)));
        Assert.Equal("0,4 ms", Units.Latency(TimeSpan.FromMilliseconds(0.4)));
        Assert.Equal("45,2 %", Units.Percent(45.29));
    }

    [Fact]
    public void Missing_values_are_empty()
    {
        Assert.Empty(Units.Size(null));
        Assert.Empty(Units.Duration(null));
        Assert.Empty(Units.Latency(null));
    }
}
