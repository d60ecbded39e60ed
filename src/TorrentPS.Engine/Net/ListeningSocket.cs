using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>Sockets that others send to, which behave alike on every system.</summary>
internal static class ListeningSocket
{
    private const int SioUdpConnReset = -1744830452; // SIO_UDP_CONNRESET of Windows

    /// <summary>Makes a socket and binds it; one for all addresses of IPv6 is for those of IPv4, too.</summary>
    /// <param name="endPoint">The address and the port.</param>
    /// <param name="type">The kind of socket.</param>
    /// <param name="protocol">TCP or UDP.</param>
    /// <param name="binding">What the user wants it to be bound to; null leaves that to the address.</param>
    /// <exception cref="SocketException">The port is taken, or the address is not of this machine.</exception>
    public static Socket Bind(IPEndPoint endPoint, SocketType type, ProtocolType protocol, NetworkBinding? binding = null)
    {
        var socket = new Socket(endPoint.AddressFamily, type, protocol);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;

            // Windows would let any program of the user bind the port again and take what is meant for us. Elsewhere this would only forbid to listen
            // on a port whose last connections have not timed out yet.
            if (OperatingSystem.IsWindows())
                socket.ExclusiveAddressUse = true;
            if (type == SocketType.Dgram)
                PassOverUnreachable(socket);
            if (binding is null)
                socket.Bind(endPoint);
            else
                binding.Bind(socket, endPoint.Port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Keeps Windows from failing the next receive of a UDP socket when somebody who was sent something is not there; elsewhere nothing is told of that.</summary>
    public static void PassOverUnreachable(Socket socket)
    {
        if (OperatingSystem.IsWindows())
            socket.IOControl(SioUdpConnReset, [0, 0, 0, 0], null);
    }
}
