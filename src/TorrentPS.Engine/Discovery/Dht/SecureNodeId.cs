using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>Node ids that follow from the address (BEP 42), so that nobody can choose a place beside a torrent.</summary>
internal static class SecureNodeId
{
    private const uint PrefixMask = 0xffff_f800; // 21 bits

    private static ReadOnlySpan<byte> MaskV4 => [0x03, 0x0f, 0x3f, 0xff];

    private static ReadOnlySpan<byte> MaskV6 => [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff];

    /// <summary>Makes an id for our external address.</summary>
    public static NodeId Create(IPAddress address) => Create(address, RandomNumberGenerator.GetBytes(1)[0]);

    /// <summary>Makes an id for an address; what the address leaves open is by chance.</summary>
    /// <param name="address">The external address.</param>
    /// <param name="random">The last byte of the id, of which 3 bits go into its beginning.</param>
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

    /// <summary>Whether an id may be that of a node at this address. Local addresses may have any.</summary>
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
