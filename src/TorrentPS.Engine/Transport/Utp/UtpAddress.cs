using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>The key of a packet's connection: the source address, and the connection id.</summary>
/// <param name="High">The first eight bytes of an IPv6 address; 0 for IPv4.</param>
/// <param name="Low">The last eight bytes of an IPv6 address, or the four of IPv4.</param>
/// <param name="Port">The port.</param>
/// <param name="Id">Our connection id.</param>
internal readonly record struct UtpAddress(ulong High, ulong Low, ushort Port, ushort Id)
{
    /// <summary>Reads an address in the system's format (sockaddr_in, sockaddr_in6), without creating objects.</summary>
    public static UtpAddress Of(SocketAddress from, ushort id)
    {
        ReadOnlySpan<byte> bytes = from.Buffer.Span[..from.Size];
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return from.Family == AddressFamily.InterNetworkV6
            ? new UtpAddress(BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]), port, id)
            : new UtpAddress(0, BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), port, id);
    }
}
