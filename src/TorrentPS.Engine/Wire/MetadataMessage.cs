using System.Buffers;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Wire;

/// <summary>The kinds of a metadata message (BEP 9, "extension message"); others are to be ignored.</summary>
internal enum MetadataMessageType
{
    Request = 0,
    Data = 1,
    Reject = 2,
}

/// <summary>A message about an info dictionary, which peers send each other in pieces of 16 KiB (BEP 9, "metadata").</summary>
/// <param name="Type">What it is.</param>
/// <param name="Piece">The piece that it is about, from 0.</param>
/// <param name="TotalSize">Bytes in the whole info dictionary, which data messages tell.</param>
internal readonly record struct MetadataMessage(MetadataMessageType Type, int Piece, int? TotalSize = null)
{
    /// <summary>The extension's name in the handshake (BEP 10).</summary>
    public const string ExtensionName = "ut_metadata";

    /// <summary>The id that peers are to send it with to us.</summary>
    public const byte OwnId = 2;

    /// <summary>Bytes in a piece; the last may have fewer.</summary>
    public const int BlockLength = 16 * 1024;

    /// <summary>Bytes that an info dictionary may have at most: no honest one is larger.</summary>
    public const int MaxSize = 3 * 1024 * 10240;

    private const int MaxHeaderLength = 1024;

    private static readonly BencodeReaderOptions s_limits = new() { MaxTokens = 100, MaxDepth = 10, MaxDataLength = MaxHeaderLength + BlockLength, AllowTrailingData = true };

    /// <summary>How many pieces an info dictionary has.</summary>
    public static int PieceCount(int size) => (size + BlockLength - 1) / BlockLength;

    /// <summary>Bytes in one piece of it.</summary>
    public static int LengthOf(int piece, int size) => Math.Min(BlockLength, size - piece * BlockLength);

    /// <summary>Reads a message and finds the data behind it.</summary>
    /// <param name="payload">What follows the extension id.</param>
    /// <param name="data">The bytes behind the dictionary; they belong to it in a data message only.</param>
    /// <exception cref="BencodeException">It is not bencoded, beyond a limit, or without a piece that can be.</exception>
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

    /// <summary>Writes the dictionary; the data of a data message follows it.</summary>
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
