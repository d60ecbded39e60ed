using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TorrentPS.Engine.Discovery;

/// <summary>One client's connection to a tracker: HTTP/1.1 GETs without bodies, one after the other, with limits on size and time.</summary>
internal sealed class TrackerConnection(Socket socket, TrackerService service, TimeProvider timeProvider)
{
    private const int MaxHeadLength = 16 * 1024;
    private const int MaxRequests = 1000;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(15);

    private readonly byte[] _buffer = new byte[MaxHeadLength];
    private int _length;

    /// <summary>Serves until the client goes, errs or is too slow.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        IPAddress from = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        if (from.IsIPv4MappedToIPv6)
            from = from.MapToIPv4();
        for (int i = 0; i < MaxRequests; i++)
        {
            // For the whole of a request and its answer, so that a byte now and then does not hold the connection.
            using var timeout = new CancellationTokenSource(s_timeout, timeProvider);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
            int end = await ReadHeadAsync(both.Token).ConfigureAwait(false);
            if (end == 0)
                return;
            (byte[] reply, bool keepAlive) = end < 0 ? (Reply("431 Request Header Fields Too Large", [], false), false) : Answer(end, from);
            for (int sent = 0; sent < reply.Length;)
                sent += await socket.SendAsync(reply.AsMemory(sent), both.Token).ConfigureAwait(false);
            if (!keepAlive)
            {
                socket.Shutdown(SocketShutdown.Send);
                return;
            }
            _buffer.AsSpan(end, _length - end).CopyTo(_buffer);
            _length -= end;
        }
    }

    // The length of the head; 0 when the client has gone, -1 when it is too long.
    private async Task<int> ReadHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int end = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
                return end + 4;
            if (_length == _buffer.Length)
                return -1;
            int count = await socket.ReceiveAsync(_buffer.AsMemory(_length), cancellationToken).ConfigureAwait(false);
            if (count == 0)
                return 0;
            _length += count;
        }
    }

    private (byte[] Reply, bool KeepAlive) Answer(int end, IPAddress from)
    {
        string[] lines = Encoding.Latin1.GetString(_buffer, 0, end - 4).Split("\r\n");
        string[] request = lines[0].Split(' ');
        if (request.Length != 3 || !request[2].StartsWith("HTTP/1.", StringComparison.Ordinal) || !request[1].StartsWith('/'))
            return (Reply("400 Bad Request", [], false), false);
        bool keepAlive = request[2] == "HTTP/1.1";
        foreach (string line in lines.AsSpan(1))
        {
            if (line.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase))
                keepAlive = line.Contains("keep-alive", StringComparison.OrdinalIgnoreCase) || (keepAlive && !line.Contains("close", StringComparison.OrdinalIgnoreCase));
            // A GET needs no body, and taking one for the next request would be worse than none.
            else if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase) || line.StartsWith("Transfer-Encoding:", StringComparison.OrdinalIgnoreCase))
                keepAlive = false;
        }
        if (request[0] != "GET")
            return (Reply("405 Method Not Allowed", [], false), false);
        return service.Answer(request[1], from) is { } body ? (Reply("200 OK", body, keepAlive), keepAlive) : (Reply("404 Not Found", [], keepAlive), keepAlive);
    }

    private static byte[] Reply(string status, byte[] body, bool keepAlive) =>
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\nConnection: {(keepAlive ? "keep-alive" : "close")}\r\n\r\n"), .. body];
}
