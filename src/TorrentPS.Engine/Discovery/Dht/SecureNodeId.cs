using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>Node ids derived from addresses (BEP 42), so that a node cannot choose a position near a torrent.</summary>
internal static class SecureNodeId
{
    private const uint PrefixMask = 0xffff_f800; // 21 bits

    private static ReadOnlySpan<byte> MaskV4 => [0x03, 0x0f, 0x3f, 0xff];

    private static ReadOnlySpan<byte> MaskV6 => [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff];

    /// <summary>Creates an id for our external address.</summary>
    public static NodeId Create(IPAddress address) => Create(address, RandomNumberGenerator.GetBytes(1)[0]);

    /// <summary>Creates an id for an address; the bits not determined by the address are random.</summary>
    /// <param name="address">The external address.</param>
    /// <param name="random">The last byte of the id, 3 bits of which determine its beginning.</param>
    public static NodeId Create(IPAddress address, byte random)
    {
        Span<byte> id = stackalloc byte[NodeId.Length];
        RandomNumberGenerator.Fill(id);
        uint prefix = Prefix(address, random);
        id[0] = (byte)(prefix >> 24);
        id[1] = (byte)(prefix >> 16);
        id[2] = (byte)((prefix >> 8 & 0xf8) | (id[2] & 0x07u));
        id[^1] = random;
        return NodeId.Read(id);
    }

    /// <summary>Whether a node at this address may have the id. At local addresses, any id is valid.</summary>
    public static bool Matches(NodeId id, IPAddress address) =>
        DhtScope.IsLocal(address) || (((uint)(id.High >> 32) ^ Prefix(address, (byte)id.Low)) & PrefixMask) == 0;

    private static uint Prefix(IPAddress address, byte random)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        ReadOnlySpan<byte> mask = address.AddressFamily == AddressFamily.InterNetworkV6 ? MaskV6 : MaskV4;
        uint crc = uint.MaxValue;
        for (int i = 0; i < mask.Length; i++)
        {
            byte octet = (byte)(bytes[i] & mask[i]);
            crc = BitOperations.Crc32C(crc, i == 0 ? (byte)(octet | (random & 7) << 5) : octet);
        }

        return ~crc;
    }
}
