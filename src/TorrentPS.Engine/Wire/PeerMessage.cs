using System.Buffers.Binary;

namespace TorrentPS.Engine.Wire;

/// <summary>The bytes of peer messages: a 4-byte big-endian length, an id, a payload (BEP 3, "peer messages").</summary>
internal static class PeerMessage
{
    /// <summary>The number of bytes before the message id.</summary>
    public const int PrefixLength = 4;

    /// <summary>The number of bytes before the block in a piece message.</summary>
    public const int PieceHeaderLength = 13;

    /// <summary>The length of a request, cancel or reject message.</summary>
    public const int RequestLength = 17;

    /// <summary>The longest message that is read; a longer one ends the connection before anything is allocated for it.</summary>
    public const int MaxLength = 1 << 20;

    /// <summary>The length of the longest extension or hash message; real ones have less than 20 KiB.</summary>
    private const int LongestExtended = ExtensionHandshake.MaxLength + 2;

    /// <summary>A bound for all messages with a fixed length.</summary>
    private const int LongestFixed = 64;

    /// <summary>The maximum length of a message of a type, including the id; 0 for an unknown type.</summary>
    public static int LongestOf(MessageId id, int pieceCount) => id switch
    {
        MessageId.Bitfield => 1 + (pieceCount + 7) / 8,
        MessageId.Piece => 9 + BlockRequest.BlockLength, // no more is ever requested
        MessageId.Extended or MessageId.Hashes => LongestExtended,
        <= MessageId.Port or (>= MessageId.Suggest and <= MessageId.AllowedFast) or MessageId.HashRequest or MessageId.HashReject => LongestFixed,
        _ => 0,
    };

    public static void WriteKeepAlive(Span<byte> destination) => BinaryPrimitives.WriteInt32BigEndian(destination, 0);

    public static void WriteState(Span<byte> destination, MessageId id)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, 1);
        destination[4] = (byte)id;
    }

    public static void WriteHave(Span<byte> destination, int piece) => WritePiece(destination, MessageId.Have, piece);

    /// <summary>Writes a message that names a piece: have, suggest, allowed fast.</summary>
    public static void WritePiece(Span<byte> destination, MessageId id, int piece)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, 5);
        destination[4] = (byte)id;
        BinaryPrimitives.WriteInt32BigEndian(destination[5..], piece);
    }

    /// <summary>Writes the port of our DHT node (BEP 5, "BitTorrent Protocol Extension").</summary>
    public static void WritePort(Span<byte> destination, int port)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, 3);
        destination[4] = (byte)MessageId.Port;
        BinaryPrimitives.WriteUInt16BigEndian(destination[5..], (ushort)port);
    }

    /// <summary>Writes a request, cancel or reject.</summary>
    public static void WriteBlock(Span<byte> destination, MessageId id, BlockRequest block)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, 13);
        destination[4] = (byte)id;
        BinaryPrimitives.WriteInt32BigEndian(destination[5..], block.Piece);
        BinaryPrimitives.WriteInt32BigEndian(destination[9..], block.Begin);
        BinaryPrimitives.WriteInt32BigEndian(destination[13..], block.Length);
    }

    public static void WritePieceHeader(Span<byte> destination, BlockRequest block)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, 9 + block.Length);
        destination[4] = (byte)MessageId.Piece;
        BinaryPrimitives.WriteInt32BigEndian(destination[5..], block.Piece);
        BinaryPrimitives.WriteInt32BigEndian(destination[9..], block.Begin);
    }

    /// <summary>Writes the prefix and id of a message, before its payload.</summary>
    public static void WriteHeader(Span<byte> destination, MessageId id, int payloadLength)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, 1 + payloadLength);
        destination[4] = (byte)id;
    }

    /// <summary>Writes the prefix, id and extended id of an extension message, before its payload (BEP 10).</summary>
    public static void WriteExtendedHeader(Span<byte> destination, byte extendedId, int payloadLength)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, 2 + payloadLength);
        destination[4] = (byte)MessageId.Extended;
        destination[5] = extendedId;
    }

    /// <summary>Parses the payload of a request, cancel or reject; false if it has the wrong length or a negative number.</summary>
    public static bool TryReadBlock(ReadOnlySpan<byte> payload, out BlockRequest block)
    {
        block = default;
        if (payload.Length != 12)
            return false;
        block = new BlockRequest(
            BinaryPrimitives.ReadInt32BigEndian(payload),
            BinaryPrimitives.ReadInt32BigEndian(payload[4..]),
            BinaryPrimitives.ReadInt32BigEndian(payload[8..]));
        return block is { Piece: >= 0, Begin: >= 0, Length: > 0 };
    }
}
