namespace TorrentPS.Engine.Values;

/// <summary>A rate in bytes per second, as people read and write it; as a limit, 0 means no limit.</summary>
/// <param name="BytesPerSecond">The number of bytes per second.</param>
public readonly record struct ByteRate(long BytesPerSecond)
{
    /// <summary>Describes valid text, for error messages.</summary>
    public const string Expected = "bytes a second: a number, with KB, MB, GB or TB (of 1024) and /s if wanted, as in 500KB, 5MB or '5MB/s'; 0 means no limit";

    /// <summary>
    /// Parses the same text as <see cref="ByteSize"/>, with or without <c>/s</c>. A fraction of a byte is rounded up, because 0 means no limit: <c>0.7</c> is 1.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="rate">The rate.</param>
    /// <returns>Whether the text is valid.</returns>
    public static bool TryParse(string? text, out ByteRate rate)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.EndsWith("/s", StringComparison.OrdinalIgnoreCase))
            rest = rest[..^2];
        bool isRate = ByteSize.TryParse(rest, out ByteSize size);
        rate = new ByteRate(size.Bytes);
        return isRate;
    }

    /// <summary>Formats the rate as a size per second: <c>4.12 MiB/s</c>.</summary>
    /// <param name="provider">The format of numbers; null means the invariant culture.</param>
    public string ToString(IFormatProvider? provider) => $"{new ByteSize(BytesPerSecond).ToString(provider)}/s";

    /// <inheritdoc cref="ToString(IFormatProvider?)"/>
    public override string ToString() => ToString(null);
}
