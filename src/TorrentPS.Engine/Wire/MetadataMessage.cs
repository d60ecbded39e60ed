using System.Buffers;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Wire;

/// <summary>The types of metadata messages (BEP 9, "extension message"); others must be ignored.</summary>
internal enum MetadataMessageType
{
    Request = 0,
    Data = 1,
    Reject = 2,
}

/// <summary>A message for transferring an info dictionary in pieces of 16 KiB (BEP 9, "metadata").</summary>
/// <param name="Type">The type of message.</param>
/// <param name="Piece">The index of the piece, from 0.</param>
/// <param name="TotalSize">The size of the whole info dictionary in bytes, in data messages.</param>
internal readonly record struct MetadataMessage(MetadataMessageType Type, int Piece, int? TotalSize = null)
{
    /// <summary>The extension's name in the extension handshake (BEP 10).</summary>
    public const string ExtensionName = "ut_metadata";

    /// <summary>The id with which peers send it to us.</summary>
    public const byte OwnId = 2;

    /// <summary>The size of a piece in bytes; the last may be shorter.</summary>
    public const int BlockLength = 16 * 1024;

    /// <summary>The maximum size of an info dictionary in bytes: no honest one is larger.</summary>
    public const int MaxSize = 3 * 1024 * 10240;

    private const int MaxHeaderLength = 1024;

    private static readonly BencodeReaderOptions s_limits = new() { MaxTokens = 100, MaxDepth = 10, MaxDataLength = MaxHeaderLength + BlockLength, AllowTrailingData = true };

    /// <summary>The number of pieces of an info dictionary.</summary>
    public static int PieceCount(int size) => (size + BlockLength - 1) / BlockLength;

    /// <summary>The size of a piece in bytes.</summary>
    public static int LengthOf(int piece, int size) => Math.Min(BlockLength, size - piece * BlockLength);

    /// <summary>Parses a message and finds the data after it.</summary>
    /// <param name="payload">The bytes after the extension id.</param>
    /// <param name="data">The bytes after the dictionary, which have a meaning only in a data message.</param>
    /// <exception cref="BencodeException">The payload is not bencoded, exceeds a limit, or has no valid piece.</exception>
    public static MetadataMessage Read(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> data)
    {
        var reader = new BencodeReader(payload, s_limits);
        if (!reader.Read() || reader.TokenType != BencodeTokenType.StartDictionary)
            throw new BencodeException("The metadata message is not a dictionary", 0);
        long type = -1, piece = -1, totalSize = 0;
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> key = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType != BencodeTokenType.Integer)
                reader.Skip();
            else if (key.SequenceEqual("msg_type"u8))
                type = reader.GetInt64();
            else if (key.SequenceEqual("piece"u8))
                piece = reader.GetInt64();
            else if (key.SequenceEqual("total_size"u8))
                totalSize = reader.GetInt64();
        }

        if (type is < 0 or > int.MaxValue)
            throw new BencodeException("The metadata message has no type", 0);
        if (piece is < 0 or >= MaxSize / BlockLength)
            throw new BencodeException("The metadata message is about no piece that there can be", 0);
        data = payload[reader.Position..];
        return new MetadataMessage((MetadataMessageType)type, (int)piece, totalSize is > 0 and <= MaxSize ? (int)totalSize : null);
    }

    /// <summary>Writes the dictionary; in a data message, the data follows it.</summary>
    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(64);
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        writer.WriteKey("msg_type"u8);
        writer.WriteInteger((int)Type);
        writer.WriteKey("piece"u8);
        writer.WriteInteger(Piece);
        if (TotalSize is { } totalSize)
        {
            writer.WriteKey("total_size"u8);
            writer.WriteInteger(totalSize);
        }

        writer.WriteEndDictionary();
        return output.WrittenSpan.ToArray();
    }
}
