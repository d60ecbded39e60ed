using System.Globalization;

namespace TorrentPS.Engine.Values;

/// <summary>A number of bytes, as people write and read it. K, KB and KiB are the same here, 1024, as PowerShell's own <c>1KB</c> is; what is shown says KiB.</summary>
/// <param name="Bytes">The bytes.</param>
public readonly record struct ByteSize(long Bytes)
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Reads <c>65536</c>, <c>64KB</c>, <c>1.5 MiB</c>, <c>2g</c>. A part of a byte counts as a whole one.</summary>
    /// <param name="text">The text; white space around the number and the unit does not count.</param>
    /// <param name="size">The size.</param>
    /// <returns>Whether it is one; not so for less than 0, and for more than 63 bits hold.</returns>
    public static bool TryParse(string? text, out ByteSize size) => TryParse(text.AsSpan(), out size);

    /// <summary>Three digits and a unit: <c>4.12 GiB</c>, <c>97.7 KiB</c>; without decimals where it is exactly that: <c>16 KiB</c>.</summary>
    /// <param name="provider">How numbers are written; null for the way of the invariant culture.</param>
    public string ToString(IFormatProvider? provider)
    {
        double value = Bytes;
        int unit = 0;
        // 1023.995 would be written as 1024.
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
            || number > (decimal)long.MaxValue / unit) // before the product, which could be too large for a decimal
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
