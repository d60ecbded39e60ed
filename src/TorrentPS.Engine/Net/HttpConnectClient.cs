using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TorrentPS.Engine.Net;

/// <summary>Opens connections through an HTTP proxy (RFC 9110, 9.3.6).</summary>
internal static class HttpConnectClient
{
    private const int MaxHead = 16 * 1024;
    private const int MaxInterimReplies = 5;

    /// <summary>Opens a connection; afterwards the socket is that connection.</summary>
    /// <param name="socket">The connection to the proxy.</param>
    /// <param name="proxy">The proxy.</param>
    /// <param name="to">An address, or a name for the proxy to resolve.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ProxyException">The proxy refuses, or is not an HTTP proxy.</exception>
    public static async Task ConnectAsync(Socket socket, ProxyServer proxy, EndPoint to, CancellationToken cancellationToken)
    {
        string target = to is DnsEndPoint name ? string.Create(CultureInfo.InvariantCulture, $"{name.Host}:{name.Port}") : to.ToString()!;
        string authorization = proxy.UserName is null
            ? "" : $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{proxy.UserName}:{proxy.Password}"))}\r\n";
        ReadOnlyMemory<byte> request = Encoding.ASCII.GetBytes($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n");
        while (!request.IsEmpty)
            request = request[await socket.SendAsync(request, cancellationToken).ConfigureAwait(false)..];
        for (int interim = 0; ; interim++)
        {
            int status = Status(proxy, await ReadHeadAsync(socket, proxy, cancellationToken).ConfigureAwait(false));
            if (status is >= 200 and < 300)
                return;
            if (status >= 200 || interim == MaxInterimReplies)
                throw Refused(proxy, status);
        }
    }

    // Byte by byte, because the bytes after the head are the peer's; the head is short, and read once per connection.
    private static async Task<string> ReadHeadAsync(Socket socket, ProxyServer proxy, CancellationToken cancellationToken)
    {
        byte[] one = new byte[1];
        var head = new StringBuilder(256);
        while (head.Length < MaxHead)
        {
            if (await socket.ReceiveAsync(one, cancellationToken).ConfigureAwait(false) == 0)
                throw new ProxyException(SocketError.NetworkDown, $"the proxy {proxy} closed the connection");
            head.Append((char)one[0]);
            if (one[0] == '\n' && EndsHead(head))
                return head.ToString();
        }

        throw NotHttp(proxy);
    }

    private static bool EndsHead(StringBuilder head) =>
        head.Length >= 4 && head[^2] == '\r' && head[^3] == '\n' && head[^4] == '\r';

    private static int Status(ProxyServer proxy, string head) =>
        head.StartsWith("HTTP/1.", StringComparison.Ordinal) && head.Length >= 12
            && int.TryParse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status) && status >= 100 ? status : throw NotHttp(proxy);

    private static ProxyException NotHttp(ProxyServer proxy) => new(SocketError.NetworkDown, $"what answers at {proxy} is not an HTTP proxy");

    private static ProxyException Refused(ProxyServer proxy, int status) => status switch
    {
        407 => new ProxyException(SocketError.NetworkDown, proxy.UserName is null
            ? $"the proxy {proxy} wants a user name and password" : $"the proxy {proxy} refused the user name and password"),
        403 or 405 => new ProxyException(SocketError.NetworkDown, $"the proxy {proxy} does not allow the connection (HTTP status {status})"),
        504 => new ProxyException(SocketError.TimedOut, $"connecting took too long, says the proxy {proxy}"),
        _ => new ProxyException(SocketError.HostUnreachable, $"the proxy {proxy} made no connection (HTTP status {status})"),
    };
}
