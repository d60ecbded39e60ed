using System.Globalization;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Tests.Values;

public sealed class ByteRateTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("5MB", 5 << 20)]
    [InlineData("5MB/s", 5 << 20)]
    [InlineData(" 5 MiB/s ", 5 << 20)]
    [InlineData("1TB/S", 1L << 40)]
    [InlineData("100 b/s", 100)]
    [InlineData("0.7", 1)]
    [InlineData("0.2 B/s", 1)]
    public void Reads_rates_as_people_write_them(string text, long expected)
    {
        Assert.True(ByteRate.TryParse(text, out ByteRate rate));
        Assert.Equal(expected, rate.BytesPerSecond);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("/s")]
    [InlineData("-1")]
    [InlineData("5MB/min")]
    [InlineData("5MB/s/s")]
    [InlineData("5Mbit/s")]
    public void Refuses_the_rest(string? text) => Assert.False(ByteRate.TryParse(text, out _));

    [Fact]
    public void Is_written_as_a_size_a_second() => Assert.Equal("4.12 MiB/s", new ByteRate(4321528).ToString(CultureInfo.InvariantCulture));
}
