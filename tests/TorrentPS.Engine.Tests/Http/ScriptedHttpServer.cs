using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TorrentPS.Engine.Tests.Http;

/// <summary>Answers each HTTP request with exactly the bytes of a test, then closes the connection.</summary>
internal sealed class ScriptedHttpServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, byte[]?> _answer;
    private readonly ConcurrentBag<Socket> _open = [];

    /// <param name="answer">Returns the reply's bytes for the request's head; null leaves the request unanswered.</param>
    public ScriptedHttpServer(Func<string, byte[]?> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = _listener.AcceptAllAsync(socket => _ = ServeAsync(socket));
    }

    public ConcurrentQueue<string> Requests { get; } = [];

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Announce => new($"http://127.0.0.1:{Port}/announce");

    public static byte[] Reply(ReadOnlySpan<byte> body, string status = "200 OK", string headers = "") =>
        [.. Encoding.Latin1.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n{headers}\r\n"), .. body];

    public static byte[] Reply(string body, string status = "200 OK", string headers = "") => Reply(Encoding.Latin1.GetBytes(body), status, headers);

    public static byte[] Redirect(string location, string status = "302 Found") => Reply("", status, $"Location: {location}\r\n");

    public void Dispose()
    {
        _listener.Stop();
        foreach (Socket socket in _open)
            socket.Dispose();
    }

    private async Task ServeAsync(Socket socket)
    {
        _open.Add(socket);
        try
        {
            byte[] buffer = new byte[16384];
            int length = 0;
            while (!buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
            {
                int count = await socket.ReceiveAsync(buffer.AsMemory(length));
                if (count == 0)
                    return;
                length += count;
            }
            string request = Encoding.Latin1.GetString(buffer, 0, length);
            Requests.Enqueue(request);
            if (_answer(request) is not { } reply)
                return;
            await socket.SendAsync(reply);
            socket.Shutdown(SocketShutdown.Both);
            socket.Dispose();
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The client has disconnected, or the test has ended.
        }
    }
}
