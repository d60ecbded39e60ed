using System.Buffers.Binary;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Wire;

/// <summary>The bytes of hash request, hashes and hash reject (BEP 52, "peer messages"): a file's root, a range, and in a hashes message the hashes.</summary>
internal static class HashMessage
{
    /// <summary>The length of the payload before the hashes; the whole payload of the other two messages.</summary>
    public const int HeaderLength = Merkle.HashLength + 4 * sizeof(int);

    /// <summary>The length of a whole message without hashes.</summary>
    public const int Length = PeerMessage.PrefixLength + 1 + HeaderLength;

    /// <summary>Writes a message up to the hashes.</summary>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="id">The type of message.</param>
    /// <param name="root">The file's root.</param>
    /// <param name="range">The range of hashes.</param>
    /// <param name="hashesLength">The length of the hashes that follow, in bytes.</param>
    public static void Write(Span<byte> destination, MessageId id, ReadOnlySpan<byte> root, HashRange range, int hashesLength = 0)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, 1 + HeaderLength + hashesLength);
        destination[4] = (byte)id;
        root.CopyTo(destination[5..]);
        Span<byte> numbers = destination[(5 + Merkle.HashLength)..];
        BinaryPrimitives.WriteInt32BigEndian(numbers, range.BaseLayer);
        BinaryPrimitives.WriteInt32BigEndian(numbers[4..], range.Index);
        BinaryPrimitives.WriteInt32BigEndian(numbers[8..], range.Length);
        BinaryPrimitives.WriteInt32BigEndian(numbers[12..], range.ProofLayers);
    }

    /// <summary>Parses a payload; false if it is too short. The values are not checked.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> root, out HashRange range, out ReadOnlySpan<byte> hashes)
    {
        root = hashes = default;
        range = default;
        if (payload.Length < HeaderLength)
            return false;
        root = payload[..Merkle.HashLength];
        ReadOnlySpan<byte> numbers = payload[Merkle.HashLength..];
        range = new HashRange(
            BinaryPrimitives.ReadInt32BigEndian(numbers), BinaryPrimitives.ReadInt32BigEndian(numbers[4..]),
            BinaryPrimitives.ReadInt32BigEndian(numbers[8..]), BinaryPrimitives.ReadInt32BigEndian(numbers[12..]));
        hashes = payload[HeaderLength..];
        return true;
    }
}
