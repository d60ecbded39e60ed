using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>Creates bound sockets that behave alike on every system.</summary>
internal static class ListeningSocket
{
    private const int SioUdpConnReset = -1744830452; // SIO_UDP_CONNRESET of Windows

    /// <summary>Creates and binds a socket; one bound to all IPv6 addresses also accepts IPv4.</summary>
    /// <param name="endPoint">The address and the port.</param>
    /// <param name="type">The type of socket.</param>
    /// <param name="protocol">TCP or UDP.</param>
    /// <param name="binding">The address or interface chosen by the user; null if there is none.</param>
    /// <exception cref="SocketException">The port is in use, or the address does not belong to this machine.</exception>
    public static Socket Bind(IPEndPoint endPoint, SocketType type, ProtocolType protocol, NetworkBinding? binding = null)
    {
        var socket = new Socket(endPoint.AddressFamily, type, protocol);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;

            // Windows would let any program of the user bind the port again and receive our traffic. Elsewhere this option would only prevent listening on a port whose
            // last connections have not timed out yet.
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

    /// <summary>Creates and binds a socket for peers: to the user's address, otherwise to all IPv6 and IPv4 addresses, or all IPv4 addresses on a machine without IPv6.</summary>
    /// <param name="port">The port; 0 selects any free one.</param>
    /// <param name="type">The type of socket.</param>
    /// <param name="protocol">TCP or UDP.</param>
    /// <param name="binding">The address or interface chosen by the user; null if there is none.</param>
    /// <param name="prepare">Sets up the bound socket, which is closed if that fails.</param>
    /// <exception cref="SocketException">The port is in use, or the address does not belong to this machine.</exception>
    public static Socket Bind(int port, SocketType type, ProtocolType protocol, NetworkBinding? binding, Action<Socket> prepare)
    {
        if (binding?.Address is { } address)
            return Bind(new IPEndPoint(address, port), type, protocol, binding, prepare);
        try
        {
            return Bind(new IPEndPoint(IPAddress.IPv6Any, port), type, protocol, binding, prepare);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable)
        {
            return Bind(new IPEndPoint(IPAddress.Any, port), type, protocol, binding, prepare);
        }
    }

    private static Socket Bind(IPEndPoint endPoint, SocketType type, ProtocolType protocol, NetworkBinding? binding, Action<Socket> prepare)
    {
        Socket socket = Bind(endPoint, type, protocol, binding);
        try
        {
            prepare(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Keeps Windows from failing the next receive of a UDP socket after a datagram was sent to an unreachable address; elsewhere that is not reported.
    /// </summary>
    public static void PassOverUnreachable(Socket socket)
    {
        if (OperatingSystem.IsWindows())
            socket.IOControl(SioUdpConnReset, [0, 0, 0, 0], null);
    }
}
