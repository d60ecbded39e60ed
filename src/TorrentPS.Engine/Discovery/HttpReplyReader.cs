using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace TorrentPS.Engine.Discovery;

/// <summary>Reads the one reply of a connection: HTTP/1.0 or 1.1, with a length, in chunks or to the end, plain or compressed; with limits on everything.</summary>
internal sealed class HttpReplyReader(Stream stream, int maxBodyLength)
{
    private const int MaxLineLength = 8192;
    private const int MaxHeaderLines = 200;
    private const int MaxInterimReplies = 5;

    private readonly byte[] _buffer = new byte[MaxLineLength];
    private int _start;
    private int _end;

    /// <exception cref="InvalidDataException">The reply is not HTTP, is cut off or exceeds a limit.</exception>
    public async Task<HttpReply> ReadAsync(CancellationToken cancellationToken)
    {
        for (int interim = 0; ; interim++)
        {
            Head head = await ReadHeadAsync(cancellationToken).ConfigureAwait(false);
            if (head.Status is >= 100 and < 200 && interim < MaxInterimReplies)
                continue;
            string? location = head.Status is 301 or 302 or 303 or 307 or 308 ? head.Location : null;
            if (location is not null || head.Status is 204 or 304)
                return new HttpReply(head.Status, [], location);
            byte[] body = await ReadBodyAsync(head, cancellationToken).ConfigureAwait(false);
            return new HttpReply(head.Status, Decompress(body, head.ContentEncoding), null);
        }
    }

    private async Task<Head> ReadHeadAsync(CancellationToken cancellationToken)
    {
        string line = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
        if (!line.StartsWith("HTTP/1.", StringComparison.Ordinal) || line.Length < 12 || line[8] != ' '
            || !int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status))
            throw new InvalidDataException("what answered there does not speak HTTP");
        var head = new Head { Status = status };
        for (int lines = 0; lines < MaxHeaderLines; lines++)
        {
            line = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
            if (line.Length == 0)
                return head;
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                head.Set(line.AsSpan(0, colon).Trim(), line.AsSpan(colon + 1).Trim());
        }
        throw new InvalidDataException($"its reply has more than {MaxHeaderLines} header lines");
    }

    private async Task<byte[]> ReadBodyAsync(Head head, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        if (head.IsChunked)
        {
            await ReadChunksAsync(body, cancellationToken).ConfigureAwait(false);
        }
        else if (head.ContentLength is { } length)
        {
            CheckLength(length);
            await CopyAsync(body, length, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            while (await FillAsync(cancellationToken).ConfigureAwait(false))
            {
                CheckLength(body.Length + _end - _start);
                body.Write(_buffer, _start, _end - _start);
                _start = _end;
            }
        }
        return body.ToArray();
    }

    private async Task ReadChunksAsync(MemoryStream body, CancellationToken cancellationToken)
    {
        while (true)
        {
            string line = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
            int extension = line.IndexOf(';', StringComparison.Ordinal);
            ReadOnlySpan<char> digits = (extension < 0 ? line : line.AsSpan(0, extension)).Trim();
            if (digits.Length > 8 || !uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint length))
                throw new InvalidDataException("its chunked reply is malformed");
            // What follows the last chunk is of no interest, and the connection is not used again.
            if (length == 0)
                return;
            CheckLength(body.Length + length);
            await CopyAsync(body, length, cancellationToken).ConfigureAwait(false);
            if ((await ReadLineAsync(cancellationToken).ConfigureAwait(false)).Length != 0)
                throw new InvalidDataException("its chunked reply is malformed");
        }
    }

    private async Task CopyAsync(MemoryStream body, long length, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
                throw new InvalidDataException("its reply ended too early");
            int count = (int)Math.Min(length, _end - _start);
            body.Write(_buffer, _start, count);
            _start += count;
            length -= count;
        }
    }

    private void CheckLength(long length)
    {
        if (length > maxBodyLength)
            throw new InvalidDataException($"its reply is longer than {maxBodyLength} bytes");
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        int searched = 0;
        while (true)
        {
            int index = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (index >= 0)
            {
                int length = searched + index;
                string line = Encoding.Latin1.GetString(_buffer, _start, length).TrimEnd('\r');
                _start += length + 1;
                return line;
            }
            searched = _end - _start;
            if (searched == _buffer.Length)
                throw new InvalidDataException("its reply has too long a header line");
            _buffer.AsSpan(_start, searched).CopyTo(_buffer);
            (_start, _end) = (0, searched);
            int count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (count == 0)
                throw new InvalidDataException("the connection was closed before the reply was complete");
            _end += count;
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start < _end)
            return true;
        _start = 0;
        _end = await stream.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false);
        return _end > 0;
    }

    private byte[] Decompress(byte[] body, string? encoding) =>
        // Some trackers compress without saying so; nothing that is bencoded begins with these bytes.
        body is [0x1f, 0x8b, ..] ? Expand(body, "gzip")
        : body.Length == 0 || encoding is null or "" or "identity" ? body
        : Expand(body, encoding);

    // Apart from the rest, which then does without loading the assembly of compression.
    private byte[] Expand(byte[] body, string encoding)
    {
        var compressed = new MemoryStream(body);
        return encoding switch
        {
            "gzip" or "x-gzip" => body is [0x1f, 0x8b, ..] ? Expand(new GZipStream(compressed, CompressionMode.Decompress))
                : throw new InvalidDataException("its reply says that it is compressed, but is not"),
            // "deflate" should be zlib (RFC 9110, section 8.4.1.2); some send it bare.
            "deflate" => body is [var cmf, var flags, ..] && (cmf & 15) == 8 && (cmf << 8 | flags) % 31 == 0
                ? Expand(new ZLibStream(compressed, CompressionMode.Decompress))
                : Expand(new DeflateStream(compressed, CompressionMode.Decompress)),
            _ => throw new InvalidDataException("its reply is compressed in a way that was not asked for"),
        };
    }

    private byte[] Expand(Stream compressed)
    {
        // A few kilobytes can expand to gigabytes (CVE-2016-7164 is of the same place): the limit holds for what comes out, too.
        using (compressed)
        using (var expanded = new MemoryStream())
        {
            int count;
            while ((count = compressed.Read(_buffer)) > 0)
            {
                CheckLength(expanded.Length + count);
                expanded.Write(_buffer, 0, count);
            }
            return expanded.ToArray();
        }
    }

    private sealed class Head
    {
        public required int Status { get; init; }

        public long? ContentLength { get; private set; }

        public bool IsChunked { get; private set; }

        public string? ContentEncoding { get; private set; }

        public string? Location { get; private set; }

        public void Set(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
        {
            if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long length))
                    throw new InvalidDataException("its reply has a malformed length");
                ContentLength = length;
            }
            else if (name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                if (!value.Equals("chunked", StringComparison.OrdinalIgnoreCase) && !value.Equals("identity", StringComparison.OrdinalIgnoreCase))
                    throw new InvalidDataException("its reply is encoded in a way that was not asked for");
                IsChunked = value.Equals("chunked", StringComparison.OrdinalIgnoreCase);
            }
            else if (name.Equals("Content-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                ContentEncoding = value.ToString().ToLowerInvariant();
            }
            else if (name.Equals("Location", StringComparison.OrdinalIgnoreCase))
            {
                Location = value.ToString();
            }
        }
    }
}
