using System.Globalization;

namespace TorrentPS.Arguments;

/// <summary>Reads numbers of bytes a second the way people write them.</summary>
internal static class ByteRate
{
    public const string Expected = "bytes a second: a number, with KB, MB, GB or TB (of 1024) and /s if wanted, as in 500KB, 5MB or '5MB/s'; 0 means no limit";

    /// <summary>Reads <c>5242880</c>, <c>5MB</c>, <c>1.5 MiB/s</c>; false for anything else, for less than 0, and for what no 64-bit number holds.</summary>
    public static bool TryParse(string? text, out long bytesPerSecond)
    {
        bytesPerSecond = 0;
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.EndsWith("/s", StringComparison.OrdinalIgnoreCase))
            rest = rest[..^2].TrimEnd();
        int digits = rest.LastIndexOfAnyInRange('0', '9') + 1;
        if (digits == 0 || !TryGetFactor(rest[digits..].Trim(), out long factor))
            return false;
        if (!decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
            return false;
        // decimal reaches 7.9e28: the product cannot overflow it before it is compared.
        if (number > long.MaxValue || number * factor > long.MaxValue)
            return false;
        bytesPerSecond = (long)(number * factor);
        return true;
    }

    private static bool TryGetFactor(ReadOnlySpan<char> unit, out long factor)
    {
        factor = 1;
        if (unit.IsEmpty || unit is "B" or "b")
            return true;
        // K, KB and KiB are the same here, and the same as PowerShell's own 1KB.
        ReadOnlySpan<char> tail = unit[1..];
        if (!tail.IsEmpty && !tail.Equals("B", StringComparison.OrdinalIgnoreCase) && !tail.Equals("iB", StringComparison.OrdinalIgnoreCase))
            return false;
        int power = "KMGT".IndexOf(char.ToUpperInvariant(unit[0]), StringComparison.Ordinal) + 1;
        factor = 1L << (10 * power);
        return power > 0;
    }
}
