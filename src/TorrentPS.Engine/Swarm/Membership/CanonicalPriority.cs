using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Numerics;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// The priority of a connection between two addresses, which is the same at both ends (BEP 40): if all peers prefer connections with a higher one, the swarm is evenly
/// connected, new peers find a place, and many connections from one network gain little.
/// </summary>
internal static class CanonicalPriority
{
    /// <summary>The priority; higher is better. Addresses of different families have none: 0.</summary>
    public static uint Of(IPEndPoint one, IPEndPoint other)
    {
        Span<byte> bytes = stackalloc byte[32];
        if (one.AddressFamily != other.AddressFamily || !one.Address.TryWriteBytes(bytes, out int length))
            return 0;
        Span<byte> left = bytes[..length], right = bytes.Slice(length, length);
        other.Address.TryWriteBytes(right, out _);
        int common = left.CommonPrefixLength(right);
        if (common == length)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)one.Port);
            BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)other.Port);
            length = 2;
        }
        else
        {
            // Every other bit below a /16 or a /48, or below the first differing byte.
            int whole = Math.Max(one.AddressFamily == AddressFamily.InterNetwork ? 2 : 6, common + 1);
            for (int i = whole; i < length; i++)
            {
                left[i] &= 0x55;
                right[i] &= 0x55;
            }
        }

        left = bytes[..length];
        right = bytes.Slice(length, length);
        bool isSorted = left.SequenceCompareTo(right) <= 0;
        uint crc = Append(uint.MaxValue, isSorted ? left : right);
        return ~Append(crc, isSorted ? right : left);
    }

    private static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return crc;
    }
}
