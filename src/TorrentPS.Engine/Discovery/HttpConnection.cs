using System.Globalization;
using System.Net;
using System.Text;

namespace TorrentPS.Engine.Discovery;

/// <summary>
/// A connection that serves one HTTP/1.1 GET after the other, none before the body of the last is read. Unlike <see cref="HttpFetch"/> it keeps
/// no body: that goes where the caller says, as it comes.
/// </summary>
internal sealed class HttpConnection(Stream stream, IPAddress? from) : IDisposable
{
    private const int MaxHeadLength = 16 * 1024;
    private const int MaxInterimReplies = 5;

    private readonly byte[] _buffer = new byte[MaxHeadLength];
    private int _start;
    private int _end;
    private long _left; // of the body, or of the chunk; negative where the body ends with the connection
    private bool _isChunked;
    private bool _isAtChunkEnd;
    private bool _isLast;

    /// <summary>The address that answers; null where a proxy knows it alone.</summary>
    public IPAddress? From => from;

    /// <summary>Whether another request may be sent: the last body was read to its end, and the server keeps the connection.</summary>
    public bool IsReusable { get; private set; } = true;

    /// <summary>Sends a GET and reads the head of the answer.</summary>
    /// <param name="uri">The address. Its user part is sent as credentials.</param>
    /// <param name="range">The first and the last byte wanted; null for all.</param>
    /// <param name="cancellationToken">Ends it; the connection is of no use then.</param>
    /// <exception cref="InvalidDataException">The answer is not HTTP, or is beyond a limit.</exception>
    /// <exception cref="IOException">The connection was lost.</exception>
    public async Task<HttpHead> GetAsync(Uri uri, (long First, long Last)? range, CancellationToken cancellationToken)
    {
        IsReusable = false;
        await stream.WriteAsync(Request(uri, range), cancellationToken).ConfigureAwait(false);
        for (int interim = 0; ; interim++)
        {
            HttpHead head = Parse(await ReadHeadAsync(cancellationToken).ConfigureAwait(false));
            if (head.Status is >= 200)
                return Begin(head);
            if (interim == MaxInterimReplies)
                throw new InvalidDataException("its answer does not come to an end");
        }
    }

    /// <summary>Reads the next bytes of the body; 0 at its end.</summary>
    /// <param name="destination">Where they go; not empty.</param>
    /// <param name="cancellationToken">Ends it; the connection is of no use then.</param>
    /// <exception cref="InvalidDataException">The body is not what the head says.</exception>
    /// <exception cref="IOException">The connection was lost.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (_isChunked && _left == 0 && !await ReadChunkHeadAsync(cancellationToken).ConfigureAwait(false))
            return End();
        if (_left == 0)
            return End();
        Memory<byte> wanted = _left > 0 ? destination[..(int)Math.Min(destination.Length, _left)] : destination;
        int count;
        if (_end > _start)
        {
            count = Math.Min(wanted.Length, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(wanted.Span);
            _start += count;
        }
        else
        {
            count = await stream.ReadAsync(wanted, cancellationToken).ConfigureAwait(false);
        }

        if (count == 0 && _left > 0)
            throw new IOException("the answer was broken off");
        if (_left > 0)
            _left -= count;
        if (_left == 0 && !_isChunked)
            End();
        return count;
    }

    public void Dispose() => stream.Dispose();

    private int End()
    {
        IsReusable = !_isLast;
        return 0;
    }

    private HttpHead Begin(HttpHead head)
    {
        bool hasBody = head.Status is not (204 or 304);
        _isChunked = head.IsChunked && hasBody;
        _isLast = head.IsLast;
        _isAtChunkEnd = false;
        _left = !hasBody || _isChunked ? 0 : head.Length ?? -1;
        _isLast |= _left < 0;
        if (_left == 0 && !(_isChunked && hasBody))
            End();
        return head;
    }

    private static byte[] Request(Uri uri, (long First, long Last)? range)
    {
        string host = uri.HostNameType == UriHostNameType.IPv6 ? $"[{uri.IdnHost}]" : uri.IdnHost;
        string port = uri.IsDefaultPort ? "" : $":{uri.Port}";
        string bytes = range is { } wanted ? string.Create(CultureInfo.InvariantCulture, $"Range: bytes={wanted.First}-{wanted.Last}\r\n") : "";
        string authorization = uri.UserInfo.Length > 0
            ? $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(uri.UserInfo)))}\r\n" : "";
        return Encoding.ASCII.GetBytes($"GET {uri.PathAndQuery} HTTP/1.1\r\nHost: {host}{port}\r\nUser-Agent: TorrentPS/0.1.0\r\nAccept: */*\r\n" +
            $"Accept-Encoding: identity\r\n{bytes}{authorization}Connection: keep-alive\r\n\r\n");
    }

    private async Task<string> ReadHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int end = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                string head = Encoding.Latin1.GetString(_buffer, _start, end);
                _start += end + 4;
                return head;
            }

            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
                throw new IOException("the connection was closed before there was an answer");
        }
    }

    /// <summary>Reads more into the buffer; false at the end of the connection.</summary>
    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
            throw new InvalidDataException("the head of its answer is too long");
        int count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += count;
        return count > 0;
    }

    /// <summary>Reads how long the next chunk is; false when there is none.</summary>
    private async Task<bool> ReadChunkHeadAsync(CancellationToken cancellationToken)
    {
        if (_isAtChunkEnd && await ReadLineAsync(cancellationToken).ConfigureAwait(false) is not "")
            throw new InvalidDataException("a chunk of its answer has the wrong length");
        string line = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
        int semicolon = line.IndexOf(';', StringComparison.Ordinal);
        if (!long.TryParse((semicolon < 0 ? line : line[..semicolon]).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _left) || _left < 0)
            throw new InvalidDataException("a chunk of its answer has no length");
        _isAtChunkEnd = true;
        if (_left > 0)
            return true;
        while (await ReadLineAsync(cancellationToken).ConfigureAwait(false) is not "")
            continue; // trailers
        _isChunked = false;
        return false;
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int end = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
            if (end >= 0)
            {
                string line = Encoding.Latin1.GetString(_buffer, _start, end);
                _start += end + 2;
                return line;
            }

            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
                throw new IOException("the answer was broken off");
        }
    }

    private static HttpHead Parse(string text)
    {
        string[] lines = text.Split("\r\n");
        if (!lines[0].StartsWith("HTTP/1.", StringComparison.Ordinal) || lines[0].Length < 12
            || !int.TryParse(lines[0].AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status) || status < 100)
        {
            throw new InvalidDataException("its answer is not HTTP");
        }

        var head = new HttpHead { Status = status, IsLast = lines[0][7] == '0' };
        foreach (string line in lines.AsSpan(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                head = head.With(line[..colon], line[(colon + 1)..].Trim());
        }

        return head;
    }
}
