using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>Compact addresses in messages: address and port in network order, 6 or 18 bytes, for a node preceded by its id (BEP 5, "Contact Encoding"; BEP 32).</summary>
internal static class CompactAddress
{
    public const int LengthV4 = 6;
    public const int LengthV6 = 18;

    public static int LengthOf(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? LengthV6 : LengthV4;

    public static int NodeLengthOf(AddressFamily family) => NodeId.Length + LengthOf(family);

    /// <summary>Parses an address of 6 or 18 bytes; null for any other length.</summary>
    public static IPEndPoint? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is not (LengthV4 or LengthV6))
            return null;
        return new IPEndPoint(new IPAddress(bytes[..^2]), BinaryPrimitives.ReadUInt16BigEndian(bytes[^2..]));
    }

    /// <summary>Writes an address.</summary>
    /// <returns>The number of bytes.</returns>
    public static int Write(IPEndPoint endPoint, Span<byte> destination)
    {
        endPoint.Address.TryWriteBytes(destination, out int length);
        BinaryPrimitives.WriteUInt16BigEndian(destination[length..], (ushort)endPoint.Port);
        return length + 2;
    }

    /// <summary>Parses consecutive nodes, up to a maximum. Extra bytes at the end are ignored.</summary>
    public static void ReadNodes(ReadOnlySpan<byte> bytes, AddressFamily family, int limit, List<DhtContact> contacts)
    {
        int length = NodeLengthOf(family);
        for (; bytes.Length >= length && limit > 0; bytes = bytes[length..], limit--)
            contacts.Add(new DhtContact(NodeId.Read(bytes), Read(bytes[NodeId.Length..length])!));
    }

    /// <summary>Writes consecutive nodes.</summary>
    public static byte[] WriteNodes(IReadOnlyList<DhtContact> contacts, AddressFamily family)
    {
        int length = NodeLengthOf(family);
        byte[] bytes = new byte[contacts.Count * length];
        for (int i = 0; i < contacts.Count; i++)
        {
            contacts[i].Id.Write(bytes.AsSpan(i * length));
            Write(contacts[i].EndPoint, bytes.AsSpan(i * length + NodeId.Length));
        }

        return bytes;
    }
}
