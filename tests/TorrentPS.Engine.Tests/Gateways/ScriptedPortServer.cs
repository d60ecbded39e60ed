using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Tests.Gateways;

/// <summary>Answers each datagram on loopback as a test says: a gateway with PCP or NAT-PMP, or a UPnP device.</summary>
internal sealed class ScriptedPortServer : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Func<byte[], IEnumerable<byte[]>> _answer;

    /// <param name="answer">Returns the answers to a request; none leaves it unanswered.</param>
    public ScriptedPortServer(Func<byte[], IEnumerable<byte[]>> answer)
    {
        _answer = answer;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _ = ServeAsync();
    }

    public ConcurrentQueue<byte[]> Requests { get; } = [];

    public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    public void Dispose() => _socket.Dispose();

    private async Task ServeAsync()
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (true)
            {
                SocketReceiveFromResult result = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0));
                byte[] request = buffer[..result.ReceivedBytes];
                Requests.Enqueue(request);
                foreach (byte[] answer in _answer(request))
                    await _socket.SendToAsync(answer, result.RemoteEndPoint);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }
}
