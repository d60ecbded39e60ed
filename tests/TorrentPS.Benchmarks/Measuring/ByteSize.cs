using System.Globalization;

namespace TorrentPS.Benchmarks.Measuring;

/// <summary>Sizes on the command line: 256K, 1MiB, 4G are powers of 1024.</summary>
internal static class ByteSize
{
    public static bool TryParse(string text, out long bytes)
    {
        string number = text.Trim().TrimEnd('B', 'b').TrimEnd('i');
        int shift = number.Length == 0 ? 0 : char.ToUpperInvariant(number[^1]) switch
        {
            'K' => 10,
            'M' => 20,
            'G' => 30,
            _ => 0,
        };
        bool isNumber = long.TryParse(shift > 0 ? number[..^1] : number, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out bytes);
        bool fits = isNumber && bytes > 0 && bytes <= long.MaxValue >> shift;
        bytes = fits ? bytes << shift : 0;
        return fits;
    }

    public static string Show(long bytes) => bytes switch
    {
        >= 1 << 30 when bytes % (1 << 30) == 0 => $"{bytes >> 30} GiB",
        >= 1 << 20 when bytes % (1 << 20) == 0 => $"{bytes >> 20} MiB",
        >= 1 << 10 when bytes % (1 << 10) == 0 => $"{bytes >> 10} KiB",
        _ => $"{bytes} bytes",
    };
}
