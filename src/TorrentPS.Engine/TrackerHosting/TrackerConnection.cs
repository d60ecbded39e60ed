using System.Buffers;
using System.Net.Sockets;
using System.Text;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>
/// A client's connection to the HTTP tracker: successive or pipelined HTTP/1.1 GETs without bodies, with limits on size and time.
/// </summary>
internal sealed class TrackerConnection(Socket socket, PeerKey from, TrackerHttpService service, TimeProvider timeProvider) : IDisposable
{
    private const int MaxHeadLength = 16 * 1024;
    private const int FirstHeadLength = 2 * 1024;
    private const int MaxRequests = 1000;
    private const int MaxReplyHeadLength = 192;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _closing = new();
    private readonly ArrayBufferWriter<byte> _body = new(512);
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstHeadLength);
    private byte[] _reply = ArrayPool<byte>.Shared.Rent(1024);
    private int _length;
    private long _since = timeProvider.GetTimestamp();

    /// <summary>The client's address.</summary>
    public PeerKey From => from;

    /// <summary>Whether it counts against the limits; it may lose its place before it has ended. Used only under the lock of the listener.</summary>
    public bool HasPlace { get; set; } = true;

    /// <summary>When it began to wait for a request, or to answer one.</summary>
    public long Since => Volatile.Read(ref _since);

    /// <summary>Closes the connection if a whole request with its answer takes too long, so that a byte now and then does not keep it open.</summary>
    public void CloseIfSlow()
    {
        if (timeProvider.GetElapsedTime(Since) >= s_timeout)
            Close();
    }

    /// <summary>Closes the connection in any state.</summary>
    public void Close()
    {
        try
        {
            _closing.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has already ended.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        _closing.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        ArrayPool<byte>.Shared.Return(_reply);
    }

    /// <summary>Serves requests until the client leaves, makes an error or is too slow.</summary>
    public async Task RunAsync()
    {
        try
        {
            for (int i = 1; i <= MaxRequests; i++)
            {
                Volatile.Write(ref _since, timeProvider.GetTimestamp());
                int end = await ReadHeadAsync().ConfigureAwait(false);
                if (end == 0)
                    return;
                (int length, bool keepAlive) = end < 0 ? (Reply("431 Request Header Fields Too Large", false), false) : Answer(end, i < MaxRequests);
                for (int sent = 0; sent < length;)
                    sent += await socket.SendAsync(_reply.AsMemory(sent, length - sent), _closing.Token).ConfigureAwait(false);
                if (!keepAlive)
                    return;
                _buffer.AsSpan(end, _length - end).CopyTo(_buffer);
                _length -= end;
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // The client left or was too slow, or the tracker is closing.
        }
    }

    // Returns the length of the head; 0 if the client has left, -1 if it is too long.
    private async ValueTask<int> ReadHeadAsync()
    {
        while (true)
        {
            int end = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
                return end + 4;
            if (_length >= MaxHeadLength)
                return -1;
            if (_length == _buffer.Length)
                Grow(ref _buffer, _length, Math.Min(_length * 2, MaxHeadLength));
            int count = await socket.ReceiveAsync(_buffer.AsMemory(_length, Math.Min(_buffer.Length, MaxHeadLength) - _length), _closing.Token).ConfigureAwait(false);
            if (count == 0)
                return 0;
            _length += count;
        }
    }

    private (int Length, bool KeepAlive) Answer(int end, bool mayKeep)
    {
        ReadOnlySpan<byte> head = _buffer.AsSpan(0, end - 2);
        ReadOnlySpan<byte> line = Line(ref head);
        int space = line.IndexOf((byte)' ');
        int last = line.LastIndexOf((byte)' ');
        if (space < 0 || last == space || !line[(last + 1)..].StartsWith("HTTP/1."u8))
            return (Reply("400 Bad Request", false), false);
        ReadOnlySpan<byte> target = line[(space + 1)..last];
        if (target.IsEmpty || target[0] != '/' || target.Contains((byte)' '))
            return (Reply("400 Bad Request", false), false);
        bool keepAlive = MayKeepAlive(head, line[(last + 1)..].SequenceEqual("HTTP/1.1"u8)) && mayKeep;
        _body.ResetWrittenCount();
        if (!line[..space].SequenceEqual("GET"u8))
            return (Reply("405 Method Not Allowed", false), false);
        return service.TryAnswer(target, from, _body) ? (Reply("200 OK", keepAlive), keepAlive) : (Reply("404 Not Found", keepAlive), keepAlive);
    }

    private static bool MayKeepAlive(ReadOnlySpan<byte> headers, bool isByDefault)
    {
        bool keepAlive = isByDefault;
        bool hasBody = false;
        while (!headers.IsEmpty)
        {
            ReadOnlySpan<byte> header = Line(ref headers);
            int colon = header.IndexOf((byte)':');
            ReadOnlySpan<byte> name = header[..Math.Max(colon, 0)];
            if (Ascii.EqualsIgnoreCase(name, "Connection"u8))
            {
                ReadOnlySpan<byte> value = header[(colon + 1)..].Trim((byte)' ');
                keepAlive = Ascii.EqualsIgnoreCase(value, "keep-alive"u8) || (keepAlive && !Ascii.EqualsIgnoreCase(value, "close"u8));
            }
            // A GET needs no body, and a body must not be taken for the next request.
            hasBody |= Ascii.EqualsIgnoreCase(name, "Content-Length"u8) || Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8);
        }
        return keepAlive && !hasBody;
    }

    private static ReadOnlySpan<byte> Line(ref ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf("\r\n"u8);
        ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
        text = end < 0 ? default : text[(end + 2)..];
        return line;
    }

    // Writes head and body into one buffer; returns the length.
    private int Reply(string status, bool keepAlive)
    {
        ReadOnlySpan<byte> body = _body.WrittenSpan;
        if (_reply.Length < MaxReplyHeadLength + body.Length)
            Grow(ref _reply, 0, MaxReplyHeadLength + body.Length);
        System.Text.Unicode.Utf8.TryWrite(_reply, null,
            $"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\nConnection: {(keepAlive ? "keep-alive" : "close")}\r\n\r\n", out int length);
        body.CopyTo(_reply.AsSpan(length));
        return length + body.Length;
    }

    private static void Grow(ref byte[] buffer, int used, int length)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(length);
        buffer.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
