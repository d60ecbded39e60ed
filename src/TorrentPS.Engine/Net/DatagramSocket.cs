using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>
/// A connected UDP socket: the system discards datagrams from any other address, and reports when nothing listens at this one.
/// </summary>
internal sealed class DatagramSocket : IDatagramSocket
{
    private readonly Socket _socket;

    private DatagramSocket(Socket socket) => _socket = socket;

    /// <param name="remote">The address.</param>
    /// <param name="route">The route of all connections.</param>
    /// <exception cref="SocketException">There is no route to the address.</exception>
    public static DatagramSocket Open(IPEndPoint remote, NetworkRoute route)
    {
        Socket socket = route.Open(remote.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Connect(remote);
            return new DatagramSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Our address towards the remote address.</summary>
    public IPAddress LocalAddress => ((IPEndPoint)_socket.LocalEndPoint!).Address;

    public async ValueTask SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken) =>
        await _socket.SendAsync(datagram, cancellationToken).ConfigureAwait(false);

    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await _socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.MessageSize)
        {
            // Only Windows reports this; the buffer is full as elsewhere.
            return buffer.Length;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The error code of Windows when nothing listens there.
            throw new SocketException((int)SocketError.ConnectionRefused);
        }
    }

    public void Dispose() => _socket.Dispose();
}
