using System.Globalization;
using System.Text;

namespace TorrentPS.Engine.Http;

/// <summary>
/// Takes the replies of a connection, read by read: heads of HTTP/1.0 and 1.1, and bodies with a length, in chunks or to the end of the connection (RFC 9112), with limits
/// on all that is kept. Without input and output of its own: the caller reads into <see cref="Free"/>, or the bytes of a body past this reader to where they belong.
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

    /// <summary>Whether all of the body has come.</summary>
    public bool IsBodyComplete => _place is Place.Trailer or Place.End;

    /// <summary>Whether the reply has come to its end.</summary>
    public bool IsComplete => _place == Place.End;

    /// <summary>Whether another request may be sent over the connection: the reply is complete, nothing follows it, and the server keeps the connection.</summary>
    public bool IsReusable => IsComplete && _start == _end && _head?.IsLast != true;

    /// <summary>Whether the connection may be closed now, and the reply is whole.</summary>
    public bool MayEnd => _place is Place.BodyToEnd or Place.Trailer or Place.End;

    /// <summary>Where the next bytes are to be read into; not empty as long as the body that came is taken.</summary>
    public Memory<byte> Free
    {
        get
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            return _buffer.AsMemory(_end);
        }
    }

    /// <summary>How many bytes of the body, or of the chunk of it that has begun, are known to come.</summary>
    public long Announced => _place is Place.Body or Place.Chunk ? _left : 0;

    /// <summary>How many bytes of the body are still to come before anything else does, and may be read past this reader; 0 when it holds some itself, or something else comes first.</summary>
    public long Direct => _start < _end ? 0 : _place switch { Place.Body or Place.Chunk => _left, Place.BodyToEnd => long.MaxValue, _ => 0 };

    /// <summary>Begins with another reply.</summary>
    public void Begin()
    {
        _place = Place.StatusLine;
        _interimReplies = 0;
        _head = null;
    }

    /// <summary>Takes what was read into <see cref="Free"/>; 0 bytes mean that the connection was closed. Goes on up to the body's next bytes.</summary>
    /// <exception cref="InvalidDataException">The reply is not HTTP, is cut off or exceeds a limit.</exception>
    public void Advance(int count)
    {
        if (count == 0)
            Close();
        _end += count;
        Step();
    }

    /// <summary>Takes bytes of the body that came: a part of them, which follows those taken before.</summary>
    /// <returns>How many; 0 when more has to be read first, or the body is complete.</returns>
    /// <exception cref="InvalidDataException">The body is not what the head says.</exception>
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

    /// <summary>Counts bytes of the body that were read past this reader, up to <see cref="Direct"/> of them; 0 mean that the connection was closed.</summary>
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
            return; // what is left of the body is taken first; the next read tells of the end again
        _place = Place.End;
        _head = _head! with { IsLast = true };
    }

    /// <summary>Takes lines as long as lines are what comes next.</summary>
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

        // Connections of HTTP/1.0 last for one reply, unless a header says otherwise.
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
