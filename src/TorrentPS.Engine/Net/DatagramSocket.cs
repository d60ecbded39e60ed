using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>
/// A UDP socket that is connected, so that the system itself passes over what comes from any other address, and tells when nothing
/// listens at this one.
/// </summary>
internal sealed class DatagramSocket : IDatagramSocket
{
    private readonly Socket _socket;

    private DatagramSocket(Socket socket) => _socket = socket;

    /// <param name="remote">The address.</param>
    /// <param name="route">How everything goes out.</param>
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

    /// <summary>Our address towards the other.</summary>
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
            // Windows alone says so; the buffer is full all the same.
            return buffer.Length;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // What Windows calls it when nothing listens there.
            throw new SocketException((int)SocketError.ConnectionRefused);
        }
    }

    public void Dispose() => _socket.Dispose();
}
