using TorrentPS.Cli.Input;

namespace TorrentPS.Cli.Tests;

public sealed class ByteQuantityTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("12345", 12345)]
    [InlineData("5MB", 5 << 20)]
    [InlineData("500KB", 500 << 10)]
    [InlineData("500k", 500 << 10)]
    [InlineData("1MiB", 1 << 20)]
    [InlineData("1 mib", 1 << 20)]
    [InlineData("1.5 KiB/s", 1536)]
    [InlineData(" 2gb ", 2L << 30)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Reads_numbers_with_and_without_units(string text, long expected)
    {
        Assert.True(ByteQuantity.TryParse(text, out long bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("-5MB")]
    [InlineData("5 bananas")]
    [InlineData("5 M B")]
    [InlineData("1,5MB")]
    [InlineData("1e3")]
    [InlineData("9223372036854775808")]
    [InlineData("9999999999GiB")]
    [InlineData("0x10")]
    public void Refuses_everything_else(string? text) => Assert.False(ByteQuantity.TryParse(text, out _));
}
