using System.Globalization;

namespace TorrentPS.Engine.Values;

/// <summary>A number of bytes, as people read and write it. K, KB and KiB all mean 1024, like PowerShell's <c>1KB</c>; output uses KiB.</summary>
/// <param name="Bytes">The number of bytes.</param>
public readonly record struct ByteSize(long Bytes)
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Parses <c>65536</c>, <c>64KB</c>, <c>1.5 MiB</c>, <c>2g</c>. A fraction of a byte is rounded up.</summary>
    /// <param name="text">The text; white space around the number and the unit is ignored.</param>
    /// <param name="size">The size.</param>
    /// <returns>Whether the text is valid; negative numbers, and those over 63 bits, are not.</returns>
    public static bool TryParse(string? text, out ByteSize size) => TryParse(text.AsSpan(), out size);

    /// <summary>Formats the size with three digits and a unit: <c>4.12 GiB</c>, <c>97.7 KiB</c>; without decimals if it is exact: <c>16 KiB</c>.</summary>
    /// <param name="provider">The format of numbers; null means the invariant culture.</param>
    public string ToString(IFormatProvider? provider)
    {
        double value = Bytes;
        int unit = 0;
        // 1023.995 would be formatted as 1024.
        while (Math.Abs(value) >= 1023.995 && unit < s_units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        string format = value == Math.Truncate(value) ? "0" : Math.Abs(value) switch { < 9.995 => "0.00", < 99.95 => "0.0", _ => "0" };
        return $"{value.ToString(format, provider ?? CultureInfo.InvariantCulture)} {s_units[unit]}";
    }

    /// <inheritdoc cref="ToString(IFormatProvider?)"/>
    public override string ToString() => ToString(null);

    internal static bool TryParse(ReadOnlySpan<char> text, out ByteSize size)
    {
        size = default;
        text = text.Trim();
        int digits = text.LastIndexOfAnyInRange('0', '9') + 1;
        if (digits == 0 || !TryUnit(text[digits..].Trim(), out long unit)
            || !decimal.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
            || number > (decimal)long.MaxValue / unit) // before multiplying: the product could overflow a decimal
        {
            return false;
        }

        size = new ByteSize((long)Math.Ceiling(number * unit));
        return true;
    }

    private static bool TryUnit(ReadOnlySpan<char> text, out long unit)
    {
        unit = 1;
        if (text.IsEmpty || text is "B" or "b")
            return true;
        if (!text[1..].IsEmpty && !text[1..].Equals("B", StringComparison.OrdinalIgnoreCase) && !text[1..].Equals("iB", StringComparison.OrdinalIgnoreCase))
            return false;
        int power = "KMGT".IndexOf(char.ToUpperInvariant(text[0]), StringComparison.Ordinal) + 1;
        unit = 1L << (10 * power);
        return power > 0;
    }
}
