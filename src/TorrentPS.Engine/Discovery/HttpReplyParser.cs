using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;

namespace TorrentPS.Engine.Discovery;

/// <summary>
/// Takes the one reply of a connection, read by read: HTTP/1.0 or 1.1, with a length, in chunks or to the end, plain or compressed; with
/// limits on everything. Without input and output of its own, as every async method costs a millisecond when it is first used.
/// </summary>
internal sealed class HttpReplyParser(int maxBodyLength)
{
    private const int MaxLineLength = 8192;
    private const int MaxHeaderLines = 200;
    private const int MaxInterimReplies = 5;

    private readonly byte[] _buffer = new byte[MaxLineLength];
    private readonly ArrayBufferWriter<byte> _body = new();
    private int _start;
    private int _end;
    private Place _place;
    private int _interimReplies;
    private int _headerLines;

    // What is left of the body, or of the chunk.
    private long _left;

    private int _status;
    private long? _contentLength;
    private bool _isChunked;
    private string? _contentEncoding;
    private string? _location;

    private enum Place
    {
        StatusLine,
        HeaderLine,
        Body,
        BodyToEnd,
        ChunkLength,
        Chunk,
        ChunkEnd,
        End,
    }

    /// <summary>Where the next bytes are to be read into; not empty.</summary>
    public Memory<byte> Free
    {
        get
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            return _buffer.AsMemory(_end);
        }
    }

    /// <summary>Takes what was read into <see cref="Free"/>; 0 bytes mean that the connection was closed.</summary>
    /// <returns>Whether the reply is complete.</returns>
    /// <exception cref="InvalidDataException">The reply is not HTTP, is cut off or exceeds a limit.</exception>
    public bool Advance(int count)
    {
        if (count == 0)
        {
            if (_place != Place.BodyToEnd)
                throw new InvalidDataException(_place < Place.Body ? "the connection was closed before the reply was complete" : "its reply ended too early");
            _place = Place.End;
        }
        _end += count;
        while (_place != Place.End)
        {
            if (!Step())
                return false;
        }
        return true;
    }

    /// <summary>The reply, when it is complete.</summary>
    /// <exception cref="InvalidDataException">It cannot be decompressed, or exceeds the limit then.</exception>
    public HttpReply Reply(IPAddress? from) => new(_status, Decompress(_body.WrittenSpan.ToArray(), _contentEncoding), IsRedirect ? _location : null, from);

    private bool IsRedirect => _location is not null && _status is 301 or 302 or 303 or 307 or 308;

    // Takes one line, or some of the body; false when more has to be read for that.
    private bool Step()
    {
        if (_place is Place.Body or Place.Chunk or Place.BodyToEnd)
            return TakeBody();
        if (!TryTakeLine(out string line))
            return false;
        switch (_place)
        {
            case Place.StatusLine:
                TakeStatus(line);
                break;
            case Place.HeaderLine when line.Length > 0:
                TakeHeader(line);
                break;
            case Place.HeaderLine:
                EndHead();
                break;
            case Place.ChunkLength:
                TakeChunkLength(line);
                break;
            default:
                _place = line.Length == 0 ? Place.ChunkLength : throw new InvalidDataException("its chunked reply is malformed");
                break;
        }
        return true;
    }

    private bool TryTakeLine(out string line)
    {
        int length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
        if (length < 0)
        {
            line = "";
            return _end - _start < MaxLineLength ? false : throw new InvalidDataException("its reply has too long a header line");
        }
        line = Encoding.Latin1.GetString(_buffer, _start, length).TrimEnd('\r');
        _start += length + 1;
        return true;
    }

    private bool TakeBody()
    {
        if (_start == _end)
            return false;
        int count = _place == Place.BodyToEnd ? _end - _start : (int)Math.Min(_left, _end - _start);
        CheckLength(_body.WrittenCount + count);
        _body.Write(_buffer.AsSpan(_start, count));
        _start += count;
        _left -= count;
        if (_left == 0 && _place != Place.BodyToEnd)
            _place = _place == Place.Chunk ? Place.ChunkEnd : Place.End;
        return true;
    }

    private void TakeStatus(string line)
    {
        if (!line.StartsWith("HTTP/1.", StringComparison.Ordinal) || line.Length < 12 || line[8] != ' '
            || !int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out _status))
            throw new InvalidDataException("what answered there does not speak HTTP");
        _place = Place.HeaderLine;
    }

    private void TakeHeader(string line)
    {
        if (++_headerLines > MaxHeaderLines)
            throw new InvalidDataException($"its reply has more than {MaxHeaderLines} header lines");
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
            return;
        ReadOnlySpan<char> name = line.AsSpan(0, colon).Trim();
        string value = line[(colon + 1)..].Trim();
        if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
        {
            if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long length))
                throw new InvalidDataException("its reply has a malformed length");
            _contentLength = length;
        }
        else if (name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
        {
            _isChunked = value.Equals("chunked", StringComparison.OrdinalIgnoreCase);
            if (!_isChunked && !value.Equals("identity", StringComparison.OrdinalIgnoreCase))
                throw new InvalidDataException("its reply is encoded in a way that was not asked for");
        }
        else if (name.Equals("Content-Encoding", StringComparison.OrdinalIgnoreCase))
        {
            _contentEncoding = value.ToLowerInvariant();
        }
        else if (name.Equals("Location", StringComparison.OrdinalIgnoreCase))
        {
            _location = value;
        }
    }

    private void EndHead()
    {
        if (_status is >= 100 and < 200 && _interimReplies++ < MaxInterimReplies)
        {
            _place = Place.StatusLine;
            return;
        }
        _left = _contentLength ?? 0;
        // The body of a redirect is of no interest, and the connection is not used again.
        _place = IsRedirect || _status is 204 or 304 ? Place.End
            : _isChunked ? Place.ChunkLength
            : _contentLength is null ? Place.BodyToEnd
            : _left == 0 ? Place.End : Place.Body;
        if (_place == Place.Body)
            CheckLength(_left);
    }

    private void TakeChunkLength(string line)
    {
        int extension = line.IndexOf(';', StringComparison.Ordinal);
        ReadOnlySpan<char> digits = (extension < 0 ? line : line.AsSpan(0, extension)).Trim();
        if (digits.Length > 8 || !uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint length))
            throw new InvalidDataException("its chunked reply is malformed");
        CheckLength(_body.WrittenCount + (long)length);
        _left = length;
        // Nor is what follows the last chunk.
        _place = length == 0 ? Place.End : Place.Chunk;
    }

    private void CheckLength(long length)
    {
        if (length > maxBodyLength)
            throw new InvalidDataException($"its reply is longer than {maxBodyLength} bytes");
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
}
