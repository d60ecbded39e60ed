using System.Globalization;

namespace TorrentPS.Cli.Input;

/// <summary>Reads <c>500KB</c>, <c>1.5 MiB</c>, <c>5MB/s</c> and plain numbers. Units are of 1024, as PowerShell's own <c>5MB</c> is.</summary>
internal static class ByteQuantity
{
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.EndsWith("/s", StringComparison.OrdinalIgnoreCase))
            rest = rest[..^2].TrimEnd();

        int digits = rest.LastIndexOfAnyInRange('0', '9') + 1;
        if (digits == 0 || !TryUnit(rest[digits..].Trim(), out long unit))
            return false;
        if (!decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
            || number > long.MaxValue / unit)
            return false;
        bytes = (long)decimal.Round(number * unit);
        return true;
    }

    private static bool TryUnit(ReadOnlySpan<char> text, out long unit)
    {
        Span<char> lower = stackalloc char[3];
        unit = 0;
        if (text.Length > lower.Length)
            return false;
        unit = lower[..text.ToLowerInvariant(lower)] switch
        {
            "" or "b" => 1,
            "k" or "kb" or "kib" => 1L << 10,
            "m" or "mb" or "mib" => 1L << 20,
            "g" or "gb" or "gib" => 1L << 30,
            "t" or "tb" or "tib" => 1L << 40,
            _ => 0,
        };
        return unit > 0;
    }
}
