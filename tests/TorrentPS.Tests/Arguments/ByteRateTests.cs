using TorrentPS.Arguments;

namespace TorrentPS.Tests.Arguments;

public sealed class ByteRateTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("5242880", 5242880)]
    [InlineData("5MB", 5242880)]
    [InlineData("5mb", 5242880)]
    [InlineData("5MB/s", 5242880)]
    [InlineData(" 5 MiB/s ", 5242880)]
    [InlineData("500K", 512000)]
    [InlineData("500KB", 512000)]
    [InlineData("1.5KB", 1536)]
    [InlineData("1GB", 1L << 30)]
    [InlineData("1TB/S", 1L << 40)]
    [InlineData("100B", 100)]
    [InlineData("100 b/s", 100)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Reads_what_people_write(string text, long expected)
    {
        Assert.True(ByteRate.TryParse(text, out long rate));
        Assert.Equal(expected, rate);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("-1")]
    [InlineData("5MBx")]
    [InlineData("5Mbit")]
    [InlineData("5XB")]
    [InlineData("5 MB 3")]
    [InlineData("1,5MB")]
    [InlineData("1e3")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999TB")]
    [InlineData("5MB/min")]
    public void Refuses_the_rest(string? text) => Assert.False(ByteRate.TryParse(text, out _));
}
