using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Wire;

/// <summary>The handshake of the extension protocol (BEP 10, "handshake message").</summary>
internal sealed record ExtensionHandshake
{
    /// <summary>The extension message id of the handshake.</summary>
    public const byte ExtendedId = 0;

    /// <summary>The maximum length that is read; those of real clients have some hundred bytes.</summary>
    public const int MaxLength = 64 * 1024;

    private const int MaxExtensions = 50;
    private const int MaxClientLength = 64;

    private static readonly BencodeReaderOptions s_limits = new() { MaxTokens = 1000, MaxDepth = 10 };

    /// <summary>The ids of the extensions by name (<c>m</c>); 0 disables an extension.</summary>
    public IReadOnlyDictionary<string, byte> Extensions { get; init; } = new Dictionary<string, byte>();

    /// <summary>The client's name and version (<c>v</c>), without control characters.</summary>
    public string? Client { get; init; }

    /// <summary>The maximum number of requests that the client queues (<c>reqq</c>).</summary>
    public long? RequestQueue { get; init; }

    /// <summary>The port the client listens on (<c>p</c>), 1 to 65535.</summary>
    public int? Port { get; init; }

    /// <summary>Our address as the client sees it (<c>yourip</c>).</summary>
    public IPAddress? YourIP { get; init; }

    /// <summary>The size of the info dictionary in bytes (<c>metadata_size</c>, BEP 9), if the client has it: as declared, not checked.</summary>
    public long? MetadataSize { get; init; }

    /// <summary>Whether the client only uploads (<c>upload_only</c>, BEP 21); null if not declared.</summary>
    public bool? IsUploadOnly { get; init; }

    /// <summary>Parses the bencoded part.</summary>
    /// <exception cref="BencodeException">The data is not bencoded, or exceeds a limit.</exception>
    public static ExtensionHandshake Read(ReadOnlySpan<byte> payload)
    {
        // Some clients append bytes after the dictionary.
        var reader = new BencodeReader(payload, s_limits with { AllowTrailingData = true });
        if (!reader.Read() || reader.TokenType != BencodeTokenType.StartDictionary)
            throw new BencodeException("The extension handshake is not a dictionary", 0);
        var handshake = new ExtensionHandshake();
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
            handshake = ReadValue(ref reader, handshake);
        return handshake;
    }

    private static ExtensionHandshake ReadValue(ref BencodeReader reader, ExtensionHandshake handshake)
    {
        ReadOnlySpan<byte> key = reader.ValueSpan;
        reader.Read();
        switch (reader.TokenType)
        {
            case BencodeTokenType.StartDictionary when key.SequenceEqual("m"u8):
                return handshake with { Extensions = ReadExtensions(ref reader) };
            case BencodeTokenType.String when key.SequenceEqual("v"u8):
                return handshake with { Client = ClientText(reader.ValueSpan) };
            case BencodeTokenType.String when key.SequenceEqual("yourip"u8) && reader.ValueSpan.Length is 4 or 16:
                return handshake with { YourIP = new IPAddress(reader.ValueSpan) };
            case BencodeTokenType.Integer when key.SequenceEqual("reqq"u8):
                return handshake with { RequestQueue = reader.GetInt64() };
            case BencodeTokenType.Integer when key.SequenceEqual("p"u8):
                return handshake with { Port = reader.GetInt64() is > 0 and <= ushort.MaxValue and long port ? (int)port : null };
            case BencodeTokenType.Integer when key.SequenceEqual("metadata_size"u8):
                return handshake with { MetadataSize = reader.GetInt64() is > 0 and long size ? size : null };
            case BencodeTokenType.Integer when key.SequenceEqual("upload_only"u8):
                return handshake with { IsUploadOnly = reader.GetInt64() != 0 };
            default:
                reader.Skip();
                return handshake;
        }
    }

    private static Dictionary<string, byte> ReadExtensions(ref BencodeReader reader)
    {
        var extensions = new Dictionary<string, byte>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            string name = Encoding.UTF8.GetString(reader.ValueSpan);
            reader.Read();
            if (reader.TokenType != BencodeTokenType.Integer)
                reader.Skip();
            else if (reader.GetInt64() is >= 0 and <= byte.MaxValue and long id && extensions.Count < MaxExtensions)
                extensions[name] = (byte)id;
        }

        return extensions;
    }

    /// <summary>The client's name and version, made safe to show.</summary>
    private static string? ClientText(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (Rune rune in Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 4 * MaxClientLength)]).EnumerateRunes())
        {
            if (text.Length < MaxClientLength && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
                text.Append(rune.ToString());
        }

        string client = text.ToString().Trim();
        return client.Length == 0 ? null : client;
    }

    /// <summary>Writes the bencoded part.</summary>
    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(128);
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        writer.WriteKey("m"u8);
        writer.WriteStartDictionary();
        foreach ((string name, byte id) in Extensions.OrderBy(extension => extension.Key, StringComparer.Ordinal))
        {
            writer.WriteKey(Encoding.UTF8.GetBytes(name));
            writer.WriteInteger(id);
        }

        writer.WriteEndDictionary();
        if (MetadataSize is { } size)
        {
            writer.WriteKey("metadata_size"u8);
            writer.WriteInteger(size);
        }

        if (Port is { } port)
        {
            writer.WriteKey("p"u8);
            writer.WriteInteger(port);
        }

        if (RequestQueue is { } queue)
        {
            writer.WriteKey("reqq"u8);
            writer.WriteInteger(queue);
        }

        if (IsUploadOnly is { } uploadOnly)
        {
            writer.WriteKey("upload_only"u8);
            writer.WriteInteger(uploadOnly ? 1 : 0);
        }

        if (Client is { } client)
        {
            writer.WriteKey("v"u8);
            writer.WriteString(client);
        }

        if (YourIP is { } address)
        {
            writer.WriteKey("yourip"u8);
            writer.WriteString(address.GetAddressBytes());
        }

        writer.WriteEndDictionary();
        return output.WrittenSpan.ToArray();
    }
}
