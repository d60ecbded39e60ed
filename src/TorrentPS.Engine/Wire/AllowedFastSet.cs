using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Wire;

/// <summary>The pieces that a peer may ask for while it is choked: the same for everybody who reckons them, and other ones for another network (BEP 6, "Allowed Fast Set Generation").</summary>
internal static class AllowedFastSet
{
    /// <summary>The pieces that a peer is offered at most (BEP 6).</summary>
    public const int Size = 10;

    /// <summary>Bytes of pieces that a choked peer is offered at most, though always a piece: ten great ones would be a download of their own.</summary>
    private const long MaxBytes = 16 << 20;

    /// <summary>How many pieces a peer is offered where they are so long.</summary>
    public static int SizeFor(int pieceLength) => (int)Math.Clamp(MaxBytes / pieceLength, 1, Size);

    /// <summary>What of an address counts: all that share it are allowed the same pieces.</summary>
    public static IPAddress NetworkOf(IPAddress address)
    {
        byte[] bytes = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        bytes.AsSpan(bytes.Length == 4 ? 3 : 8).Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Reckons the set.</summary>
    /// <param name="address">The address of the peer that may ask. Of IPv4 its first 24 bits count, of IPv6, which the BEP does not speak of, the first 64.</param>
    /// <param name="infoHash">The torrent's 20 bytes.</param>
    /// <param name="pieceCount">The pieces of the torrent.</param>
    /// <param name="size">How many to find; all where the torrent has not more.</param>
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
