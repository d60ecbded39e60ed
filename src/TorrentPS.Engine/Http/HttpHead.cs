using System.Globalization;

namespace TorrentPS.Engine.Http;

/// <summary>The head of an HTTP reply, as far as it matters for fetching parts of a file.</summary>
internal sealed record HttpHead
{
    /// <summary>The status code.</summary>
    public required int Status { get; init; }

    /// <summary>The length of the body in bytes, if declared (<c>Content-Length</c>).</summary>
    public long? Length { get; init; }

    /// <summary>The range of bytes in the body (<c>Content-Range</c>), and the length of the whole resource if declared.</summary>
    public (long First, long Last, long? Whole)? Range { get; init; }

    /// <summary>The redirect target.</summary>
    public string? Location { get; init; }

    /// <summary>How long to wait before the next request (<c>Retry-After</c>): seconds, or a date.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>Whether the body is chunked.</summary>
    public bool IsChunked { get; init; }

    /// <summary>The compression of the body (<c>Content-Encoding</c>), in lower case; null if not declared.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>Whether the body is not compressed.</summary>
    public bool IsPlain => ContentEncoding is null or "" or "identity";

    /// <summary>Whether the server closes the connection after the reply.</summary>
    public bool IsLast { get; init; }

    /// <summary>The seconds to wait, if declared.</summary>
    public double? RetryAfterSeconds(DateTimeOffset now)
    {
        if (double.TryParse(RetryAfter, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds))
            return seconds;
        return DateTimeOffset.TryParseExact(RetryAfter, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date)
            ? Math.Max(0, (date - now).TotalSeconds) : null;
    }

    /// <summary>Adds a header.</summary>
    /// <exception cref="InvalidDataException">It contradicts itself or another header.</exception>
    public HttpHead With(string name, string value) => name.ToUpperInvariant() switch
    {
        "CONTENT-LENGTH" => this with { Length = ReadLength(value) },
        "CONTENT-RANGE" => this with { Range = ReadRange(value) },
        "CONTENT-ENCODING" => this with { ContentEncoding = value.ToLowerInvariant() },
        "TRANSFER-ENCODING" => this with { IsChunked = ReadTransferEncoding(value) },
        "LOCATION" => this with { Location = value },
        "RETRY-AFTER" => this with { RetryAfter = value },
        "CONNECTION" when value.Equals("close", StringComparison.OrdinalIgnoreCase) => this with { IsLast = true },
        "CONNECTION" when value.Equals("keep-alive", StringComparison.OrdinalIgnoreCase) => this with { IsLast = false },
        _ => this,
    };

    // Other codings were not requested (RFC 9112, section 7.4).
    private static bool ReadTransferEncoding(string value) =>
        value.Equals("chunked", StringComparison.OrdinalIgnoreCase)
        || (value.Equals("identity", StringComparison.OrdinalIgnoreCase) ? false : throw new InvalidDataException("its reply is encoded in a way that was not asked for"));

    private long ReadLength(string value)
    {
        if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long length) || (Length is { } other && other != length))
            throw new InvalidDataException("its reply has a malformed length");
        return length;
    }

    private static (long First, long Last, long? Whole)? ReadRange(string value)
    {
        int space = value.IndexOf(' ', StringComparison.Ordinal), dash = value.IndexOf('-', StringComparison.Ordinal), slash = value.IndexOf('/', StringComparison.Ordinal);
        if (!value.StartsWith("bytes", StringComparison.OrdinalIgnoreCase) || space < 0 || dash < space || slash < dash)
            return null; // "bytes */length" of a reply without a range
        if (!long.TryParse(value.AsSpan(space + 1, dash - space - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long first)
            || !long.TryParse(value.AsSpan(dash + 1, slash - dash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long last) || last < first)
        {
            throw new InvalidDataException("its reply has a malformed range");
        }

        return (first, last, long.TryParse(value.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long whole) ? whole : null);
    }
}
