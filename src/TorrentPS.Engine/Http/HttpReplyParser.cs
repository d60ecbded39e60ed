using System.Buffers;
using System.IO.Compression;
using System.Net;

namespace TorrentPS.Engine.Http;

/// <summary>
/// Parses the single reply of a connection, read by read, and keeps its body: up to a limit, plain or compressed. It does no I/O itself, because every async method costs
/// a millisecond when it is first used.
/// </summary>
internal sealed class HttpReplyParser
{
    private readonly HttpReplyReader _reader = new();
    private readonly ArrayBufferWriter<byte> _body = new();
    private readonly int _maxBodyLength;

    public HttpReplyParser(int maxBodyLength)
    {
        _maxBodyLength = maxBodyLength;
        _reader.Begin();
    }

    /// <summary>The buffer for the next read; not empty.</summary>
    public Memory<byte> Free => _reader.Free;

    /// <summary>Processes bytes read into <see cref="Free"/>; 0 bytes mean that the connection was closed.</summary>
    /// <returns>Whether the reply is complete.</returns>
    /// <exception cref="InvalidDataException">The reply is not HTTP, is cut off or exceeds a limit.</exception>
    public bool Advance(int count)
    {
        _reader.Advance(count);
        if (_reader.Head is not { } head)
            return false;
        // The body of a redirect is not needed, and the connection is not used again.
        if (IsRedirect(head))
            return true;
        int taken;
        do
        {
            taken = _reader.Take(_body.GetSpan());
            _body.Advance(taken);
            CheckLength(_body.WrittenCount + _reader.Announced);
        }
        while (taken > 0);

        // Nor is anything after the last chunk.
        return _reader.IsBodyComplete;
    }

    /// <summary>The reply, once it is complete.</summary>
    /// <exception cref="InvalidDataException">The body cannot be decompressed, or exceeds the limit when decompressed.</exception>
    public HttpReply Reply(IPAddress? from)
    {
        HttpHead head = _reader.Head!;
        return IsRedirect(head) ? new HttpReply(head.Status, [], head.Location, from)
            : new HttpReply(head.Status, Decompress(_body.WrittenSpan.ToArray(), head.ContentEncoding), null, from);
    }

    private static bool IsRedirect(HttpHead head) => head is { Location: not null, Status: 301 or 302 or 303 or 307 or 308 };

    private void CheckLength(long length)
    {
        if (length > _maxBodyLength)
            throw new InvalidDataException($"its reply is longer than {_maxBodyLength} bytes");
    }

    private byte[] Decompress(byte[] body, string? encoding) =>
        // Some trackers compress without declaring it; bencoded data never begins with these bytes.
        body is [0x1f, 0x8b, ..] ? Expand(body, "gzip")
        : body.Length == 0 || encoding is null or "" or "identity" ? body
        : Expand(body, encoding);

    // A separate method, so that other replies do not load the compression assembly.
    private byte[] Expand(byte[] body, string encoding)
    {
        var compressed = new MemoryStream(body);
        return encoding switch
        {
            "gzip" or "x-gzip" => body is [0x1f, 0x8b, ..] ? Expand(new GZipStream(compressed, CompressionMode.Decompress))
                : throw new InvalidDataException("its reply says that it is compressed, but is not"),
            // "deflate" should be zlib (RFC 9110, section 8.4.1.2); some servers send raw deflate.
            "deflate" => body is [var cmf, var flags, ..] && (cmf & 15) == 8 && (cmf << 8 | flags) % 31 == 0
                ? Expand(new ZLibStream(compressed, CompressionMode.Decompress))
                : Expand(new DeflateStream(compressed, CompressionMode.Decompress)),
            _ => throw new InvalidDataException("its reply is compressed in a way that was not asked for"),
        };
    }

    private byte[] Expand(Stream compressed)
    {
        // A few kilobytes can expand to gigabytes (as in CVE-2016-7164): the limit covers the decompressed bytes, too.
        using (compressed)
        using (var expanded = new MemoryStream())
        {
            byte[] buffer = new byte[8192];
            int count;
            while ((count = compressed.Read(buffer)) > 0)
            {
                CheckLength(expanded.Length + count);
                expanded.Write(buffer, 0, count);
            }
            return expanded.ToArray();
        }
    }
}
