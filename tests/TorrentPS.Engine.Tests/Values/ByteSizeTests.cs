using System.Globalization;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Tests.Values;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("12345", 12345)]
    [InlineData("100B", 100)]
    [InlineData("500k", 500 << 10)]
    [InlineData("500KB", 500 << 10)]
    [InlineData("1MiB", 1 << 20)]
    [InlineData("1 mib", 1 << 20)]
    [InlineData("1.5KB", 1536)]
    [InlineData(" 2gb ", 2L << 30)]
    [InlineData("1T", 1L << 40)]
    [InlineData("0.7", 1)]
    [InlineData("0.0001KB", 1)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Reads_numbers_with_and_without_units(string text, long expected)
    {
        Assert.True(ByteSize.TryParse(text, out ByteSize size));
        Assert.Equal(expected, size.Bytes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("-5MB")]
    [InlineData("5MBx")]
    [InlineData("5Mbit")]
    [InlineData("5XB")]
    [InlineData("5 M B")]
    [InlineData("5 MB 3")]
    [InlineData("5MB/s")]
    [InlineData("1,5MB")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("9223372036854775808")]
    [InlineData("9223372036854775807.5")]
    [InlineData("99999999TB")]
    [InlineData("79228162514264337593543950335TB")]
    public void Refuses_the_rest(string? text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.50 KiB")]
    [InlineData(10189, "9.95 KiB")]
    [InlineData(100_000, "97.7 KiB")]
    [InlineData(16384, "16 KiB")]
    [InlineData(102400, "100 KiB")]
    [InlineData(1048575, "1.00 MiB")]
    [InlineData(4425252864, "4.12 GiB")]
    [InlineData(-1536, "-1.50 KiB")]
    [InlineData(long.MaxValue, "8 EiB")]
    public void Is_written_with_three_digits_and_a_unit(long bytes, string expected)
    {
        Assert.Equal(expected, new ByteSize(bytes).ToString(CultureInfo.InvariantCulture));
        Assert.Equal(expected.Replace('.', ','), new ByteSize(bytes).ToString(new NumberFormatInfo { NumberDecimalSeparator = "," }));
    }

    [Fact]
    public void None_is_wider_than_eight_characters()
    {
        for (int power = 0; power < 63; power++)
        {
            Assert.InRange(new ByteSize(1L << power).ToString(null).Length, 1, 8);
            Assert.InRange(new ByteSize((1L << power) - 1).ToString(null).Length, 1, 8);
        }
    }
}
