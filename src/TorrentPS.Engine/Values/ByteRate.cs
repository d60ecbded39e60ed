namespace TorrentPS.Engine.Values;

/// <summary>Bytes a second, as people write and read them; as a limit, 0 is none.</summary>
/// <param name="BytesPerSecond">The bytes a second.</param>
public readonly record struct ByteRate(long BytesPerSecond)
{
    /// <summary>What a text has to be, for messages about one that is not.</summary>
    public const string Expected = "bytes a second: a number, with KB, MB, GB or TB (of 1024) and /s if wanted, as in 500KB, 5MB or '5MB/s'; 0 means no limit";

    /// <summary>Reads what <see cref="ByteSize"/> reads, with or without <c>/s</c>. Little is never taken for 0, and so for no limit: <c>0.7</c> is 1.</summary>
    /// <param name="text">The text.</param>
    /// <param name="rate">The rate.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string? text, out ByteRate rate)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.EndsWith("/s", StringComparison.OrdinalIgnoreCase))
            rest = rest[..^2];
        bool isRate = ByteSize.TryParse(rest, out ByteSize size);
        rate = new ByteRate(size.Bytes);
        return isRate;
    }

    /// <summary>As a size, a second: <c>4.12 MiB/s</c>.</summary>
    /// <param name="provider">How numbers are written; null for the way of the invariant culture.</param>
    public string ToString(IFormatProvider? provider) => $"{new ByteSize(BytesPerSecond).ToString(provider)}/s";

    /// <inheritdoc cref="ToString(IFormatProvider?)"/>
    public override string ToString() => ToString(null);
}
