using System.Globalization;
using System.Text;

namespace TorrentPS.Engine.Http;

/// <summary>
/// Parses the replies of a connection, read by read: heads of HTTP/1.0 and 1.1, and bodies with a length, in chunks or to the end of the connection (RFC 9112), with
/// limits on everything that is kept. It does no I/O itself: the caller reads into <see cref="Free"/>, or the bytes of a body directly to their destination.
/// </summary>
internal sealed class HttpReplyReader
{
    private const int MaxLineLength = 8192;
    private const int MaxHeaderLines = 200;
    private const int MaxInterimReplies = 5;

    private readonly byte[] _buffer = new byte[MaxLineLength];
    private int _start;
    private int _end;
    private Place _place = Place.End;
    private int _interimReplies;
    private int _headerLines;
    private long _left; // of the body, or of the chunk
    private HttpHead? _head;

    private enum Place
    {
        StatusLine,
        HeaderLine,
        Body,
        BodyToEnd,
        ChunkLength,
        Chunk,
        ChunkEnd,
        Trailer,
        End,
    }

    /// <summary>The head of the reply, once it is complete.</summary>
    public HttpHead? Head => _place > Place.HeaderLine ? _head : null;

    /// <summary>Whether the whole body has been received.</summary>
    public bool IsBodyComplete => _place is Place.Trailer or Place.End;

    /// <summary>Whether the reply is complete.</summary>
    public bool IsComplete => _place == Place.End;

    /// <summary>Whether another request can be sent over the connection: the reply is complete, nothing follows it, and the server keeps the connection open.</summary>
    public bool IsReusable => IsComplete && _start == _end && _head?.IsLast != true;

    /// <summary>Whether the reply is complete if the connection is closed now.</summary>
    public bool MayEnd => _place is Place.BodyToEnd or Place.Trailer or Place.End;

    /// <summary>The buffer for the next read; not empty while received body bytes are taken.</summary>
    public Memory<byte> Free
    {
        get
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            return _buffer.AsMemory(_end);
        }
    }

    /// <summary>The number of bytes still to come of the body, or of the current chunk, as far as declared.</summary>
    public long Announced => _place is Place.Body or Place.Chunk ? _left : 0;

    /// <summary>
    /// The number of body bytes that come next and may be read directly to their destination; 0 if this reader holds some itself, or something else comes first.
    /// </summary>
    public long Direct => _start < _end ? 0 : _place switch { Place.Body or Place.Chunk => _left, Place.BodyToEnd => long.MaxValue, _ => 0 };

    /// <summary>Starts the next reply.</summary>
    public void Begin()
    {
        _place = Place.StatusLine;
        _interimReplies = 0;
        _head = null;
    }

    /// <summary>Processes bytes read into <see cref="Free"/>; 0 bytes mean that the connection was closed. Parses up to the next bytes of the body.</summary>
    /// <exception cref="InvalidDataException">The reply is not HTTP, is cut off or exceeds a limit.</exception>
    public void Advance(int count)
    {
        if (count == 0)
            Close();
        _end += count;
        Step();
    }

    /// <summary>Takes received body bytes, which follow those taken before.</summary>
    /// <returns>The number of bytes; 0 if more must be read first, or the body is complete.</returns>
    /// <exception cref="InvalidDataException">The body contradicts the head.</exception>
    public int Take(Span<byte> destination)
    {
        Step();
        if (_place is not (Place.Body or Place.Chunk or Place.BodyToEnd))
            return 0;
        int count = Math.Min(destination.Length, _end - _start);
        if (_place != Place.BodyToEnd)
            count = (int)Math.Min(count, _left);
        _buffer.AsSpan(_start, count).CopyTo(destination);
        _start += count;
        Passed(count);
        return count;
    }

    /// <summary>Counts body bytes read directly, up to <see cref="Direct"/>; 0 means that the connection was closed.</summary>
    /// <exception cref="InvalidDataException">The body is cut off.</exception>
    public void PassBy(int count)
    {
        if (count == 0)
            Close();
        else
            Passed(count);
    }

    private void Passed(int count)
    {
        if (_place == Place.BodyToEnd)
            return;
        _left -= count;
        if (_left == 0)
            _place = _place == Place.Chunk ? Place.ChunkEnd : Place.End;
    }

    private void Close()
    {
        if (_place < Place.Body)
            throw new InvalidDataException("the connection was closed before the reply was complete");
        if (!MayEnd)
            throw new InvalidDataException("its reply ended too early");
        if (_place == Place.BodyToEnd && _start < _end)
            return; // the rest of the body is taken first; the next read reports the end again
        _place = Place.End;
        _head = _head! with { IsLast = true };
    }

    /// <summary>Processes lines while lines come next.</summary>
    private void Step()
    {
        while (_place is not (Place.Body or Place.Chunk or Place.BodyToEnd or Place.End) && TryTakeLine(out string line))
        {
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
                case Place.ChunkEnd:
                    _place = line.Length == 0 ? Place.ChunkLength : throw new InvalidDataException("its chunked reply is malformed");
                    break;
                default:
                    TakeTrailer(line);
                    break;
            }
        }
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

    private void TakeStatus(string line)
    {
        if (!line.StartsWith("HTTP/1.", StringComparison.Ordinal) || line.Length < 12 || line[8] != ' '
            || !int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status) || status < 100)
        {
            throw new InvalidDataException("what answered there does not speak HTTP");
        }

        // An HTTP/1.0 connection lasts for one reply, unless a header says otherwise.
        _head = new HttpHead { Status = status, IsLast = line[7] == '0' };
        _headerLines = 0;
        _place = Place.HeaderLine;
    }

    private void TakeHeader(string line)
    {
        CountHeader();
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0)
            _head = _head!.With(line[..colon].Trim(), line[(colon + 1)..].Trim());
    }

    private void TakeTrailer(string line)
    {
        if (line.Length == 0)
            _place = Place.End;
        else
            CountHeader();
    }

    private void CountHeader()
    {
        if (++_headerLines > MaxHeaderLines)
            throw new InvalidDataException($"its reply has more than {MaxHeaderLines} header lines");
    }

    private void EndHead()
    {
        HttpHead head = _head!;
        if (head.Status < 200)
        {
            _place = _interimReplies++ < MaxInterimReplies ? Place.StatusLine : throw new InvalidDataException("its reply does not come to an end");
            return;
        }

        _left = head.Length ?? 0;
        _place = head.Status is 204 or 304 ? Place.End
            : head.IsChunked ? Place.ChunkLength
            : head.Length is null ? Place.BodyToEnd
            : _left == 0 ? Place.End : Place.Body;
    }

    private void TakeChunkLength(string line)
    {
        int extension = line.IndexOf(';', StringComparison.Ordinal);
        ReadOnlySpan<char> digits = (extension < 0 ? line : line.AsSpan(0, extension)).Trim();
        if (!long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _left) || _left < 0)
            throw new InvalidDataException("its chunked reply is malformed");
        _place = _left == 0 ? Place.Trailer : Place.Chunk;
    }
}
