using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Wire;

/// <summary>
/// The pieces that a peer may request while it is choked: every client computes the same set for an address, and another for another network (BEP 6, "Allowed Fast Set
/// Generation").
/// </summary>
internal static class AllowedFastSet
{
    /// <summary>The maximum number of pieces offered to a peer (BEP 6).</summary>
    public const int Size = 10;

    /// <summary>The maximum size of the pieces offered to a choked peer, but at least one piece: ten large ones would be a whole download.</summary>
    private const long MaxBytes = 16 << 20;

    /// <summary>The number of pieces to offer for a piece length.</summary>
    public static int SizeFor(int pieceLength) => (int)Math.Clamp(MaxBytes / pieceLength, 1, Size);

    /// <summary>The part of an address that counts: peers that share it are allowed the same pieces.</summary>
    public static IPAddress NetworkOf(IPAddress address)
    {
        byte[] bytes = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        bytes.AsSpan(bytes.Length == 4 ? 3 : 8).Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Computes the set.</summary>
    /// <param name="address">The address of the peer. Of IPv4 the first 24 bits count, of IPv6, which the BEP does not mention, the first 64.</param>
    /// <param name="infoHash">The 20 bytes of the info hash.</param>
    /// <param name="pieceCount">The number of pieces in the torrent.</param>
    /// <param name="size">The size of the set; all pieces if the torrent has fewer.</param>
    [SuppressMessage("Security", "CA5350", Justification = "BEP 6 has SHA-1.")]
    public static int[] Of(IPAddress address, ReadOnlySpan<byte> infoHash, int pieceCount, int size)
    {
        if (pieceCount <= size)
            return [.. Enumerable.Range(0, pieceCount)];
        byte[] bytes = NetworkOf(address).GetAddressBytes();
        byte[] x = [.. bytes.AsSpan(0, Math.Min(bytes.Length, 8)), .. infoHash];
        int[] set = new int[size];
        for (int count = 0; count < size;)
        {
            x = SHA1.HashData(x);
            for (int i = 0; i < x.Length && count < size; i += 4)
            {
                int index = (int)(BinaryPrimitives.ReadUInt32BigEndian(x.AsSpan(i)) % (uint)pieceCount);
                if (!set.AsSpan(0, count).Contains(index))
                    set[count++] = index;
            }
        }

        return set;
    }
}
