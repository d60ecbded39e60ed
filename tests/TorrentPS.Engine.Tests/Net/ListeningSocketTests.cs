using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

public sealed class ListeningSocketTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_listening_port_cannot_be_opened_again()
    {
        using Socket first = ListeningSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0), SocketType.Stream, ProtocolType.Tcp);
        first.Listen(1);
        SocketException failure = Assert.Throws<SocketException>(() => ListeningSocket.Bind((IPEndPoint)first.LocalEndPoint!, SocketType.Stream, ProtocolType.Tcp));
        Assert.True(failure.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied, failure.Message);
    }

    [Fact]
    public async Task A_port_with_just_closed_connections_can_be_opened_at_once()
    {
        int port;
        using (Socket first = ListeningSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0), SocketType.Stream, ProtocolType.Tcp))
        {
            first.Listen(1);
            port = ((IPEndPoint)first.LocalEndPoint!).Port;
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(IPAddress.Loopback, port, Token);
            using Socket accepted = await first.AcceptAsync(Token);
            // The side that closes first stays in TIME_WAIT and keeps the port.
            accepted.Shutdown(SocketShutdown.Both);
            Assert.Equal(0, await client.ReceiveAsync(new byte[1], Token));
        }

        using Socket again = ListeningSocket.Bind(new IPEndPoint(IPAddress.Loopback, port), SocketType.Stream, ProtocolType.Tcp);
        again.Listen(1);
    }

    [Fact]
    public async Task A_listener_on_all_IPv6_addresses_accepts_IPv4_too()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "IPv6 is off here.");
        using Socket both = ListeningSocket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0), SocketType.Dgram, ProtocolType.Udp);
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await sender.SendToAsync(new byte[] { 7 }, new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)both.LocalEndPoint!).Port), Token);
        byte[] received = new byte[1];
        await both.ReceiveAsync(received, Token);
        Assert.Equal(7, received[0]);
    }

    [Fact]
    public async Task An_unreachable_address_does_not_end_receiving()
    {
        using Socket socket = ListeningSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0), SocketType.Dgram, ProtocolType.Udp);
        using var gone = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        gone.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint closed = gone.LocalEndPoint!;
        gone.Dispose();
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.SendToAsync(new byte[] { 1 }, closed, Token);
        await sender.SendToAsync(new byte[] { 2 }, socket.LocalEndPoint!, Token);
        byte[] received = new byte[1];
        await socket.ReceiveAsync(received, Token);
        Assert.Equal(2, received[0]);
    }
}
