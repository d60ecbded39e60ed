using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Which connection a packet is of: where it comes from, and the id in it.</summary>
/// <param name="High">The first eight bytes of an address of IPv6; 0 for IPv4.</param>
/// <param name="Low">The last eight bytes of an address of IPv6, or the four of IPv4.</param>
/// <param name="Port">The port.</param>
/// <param name="Id">Our id of the connection.</param>
internal readonly record struct UtpAddress(ulong High, ulong Low, ushort Port, ushort Id)
{
    /// <summary>Reads the address as the system writes it (sockaddr_in, sockaddr_in6), without making objects of it.</summary>
    public static UtpAddress Of(SocketAddress from, ushort id)
    {
        ReadOnlySpan<byte> bytes = from.Buffer.Span[..from.Size];
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return from.Family == AddressFamily.InterNetworkV6
            ? new UtpAddress(BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]), port, id)
            : new UtpAddress(0, BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), port, id);
    }
}
