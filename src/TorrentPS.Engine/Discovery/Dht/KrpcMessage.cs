using System.Net.Sockets;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// A message between nodes (BEP 5, "KRPC Protocol"), as spans of its packet. Unknown values, and those of a wrong type, are ignored: to the code that needs them, they
/// are missing.
/// </summary>
internal ref struct KrpcMessage
{
    /// <summary>The longest packet that is read; BEP 32 allows 1024 bytes, but some nodes send more.</summary>
    public const int MaxLength = 4096;

    private const int MaxTransactionId = 32;

    private static readonly BencodeReaderOptions s_limits = new() { MaxDataLength = MaxLength, MaxDepth = 8, MaxTokens = 1000, AllowTrailingData = true };

    private ReadOnlySpan<byte> _packet;

    public KrpcType Type { get; private set; }

    /// <summary>The id that the sender chose to match the answer.</summary>
    public ReadOnlySpan<byte> TransactionId { get; private set; }

    public KrpcMethod Method { get; private set; }

    /// <summary>The id of the sender; null if missing.</summary>
    public NodeId? Id { get; private set; }

    /// <summary>The target or the info hash.</summary>
    public NodeId? Target { get; private set; }

    public KrpcWants Wants { get; private set; }

    public ReadOnlySpan<byte> Token { get; private set; }

    /// <summary>The announced port; 0 if missing or invalid.</summary>
    public int Port { get; private set; }

    /// <summary>Whether the announced port is the source port of the query.</summary>
    public bool IsPortImplied { get; private set; }

    /// <summary>Whether the announced peer is a seed (BEP 33).</summary>
    public bool IsSeed { get; private set; }

    /// <summary>Whether to exclude seeds from the answer (BEP 33).</summary>
    public bool WantsNoSeeds { get; private set; }

    /// <summary>Whether the sender answers no queries (BEP 43).</summary>
    public bool IsReadOnly { get; private set; }

    /// <summary>The receiver's address as the sender sees it, compact (BEP 42).</summary>
    public ReadOnlySpan<byte> ExternalAddress { get; private set; }

    public ReadOnlySpan<byte> Nodes { get; private set; }

    public ReadOnlySpan<byte> Nodes6 { get; private set; }

    /// <summary>The raw list of peers, for <see cref="KrpcValues"/>.</summary>
    public ReadOnlySpan<byte> Values { get; private set; }

    public long ErrorCode { get; private set; }

    public ReadOnlySpan<byte> ErrorText { get; private set; }

    /// <summary>Parses a packet; false if it is not a message. Never throws.</summary>
    public static bool TryParse(ReadOnlySpan<byte> packet, out KrpcMessage message)
    {
        message = default;
        // Throwing an exception for each packet of a flood would cost more than this check.
        if (packet.Length is < 16 or > MaxLength || packet[0] != 'd')
            return false;
        try
        {
            return message.Read(packet);
        }
        catch (BencodeException)
        {
            return false;
        }
    }

    /// <summary>The nodes of an address family in an answer.</summary>
    public readonly ReadOnlySpan<byte> NodesOf(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? Nodes6 : Nodes;

    private bool Read(ReadOnlySpan<byte> packet)
    {
        _packet = packet;
        var reader = new BencodeReader(packet, s_limits);
        reader.Read();
        ReadOnlySpan<byte> type = default;
        bool hasBody = false;
        bool hasMethod = false;
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> key = reader.ValueSpan;
            reader.Read();
            if (key.SequenceEqual("t"u8))
                TransactionId = Text(ref reader);
            else if (key.SequenceEqual("y"u8))
                type = Text(ref reader);
            else if (key.SequenceEqual("q"u8))
                hasMethod |= TryReadMethod(Text(ref reader));
            else if (key.SequenceEqual("a"u8) || key.SequenceEqual("r"u8))
                hasBody |= TryReadBody(ref reader);
            else if (key.SequenceEqual("e"u8))
                ReadError(ref reader);
            else if (key.SequenceEqual("ip"u8))
                ExternalAddress = Text(ref reader);
            else if (key.SequenceEqual("ro"u8))
                IsReadOnly = Number(ref reader) == 1;
            else
                reader.Skip();
        }

        if (TransactionId.Length > MaxTransactionId || type.Length != 1)
            return false;
        Type = type[0] == 'q' ? KrpcType.Query : type[0] == 'r' ? KrpcType.Response : KrpcType.Error;
        return type[0] switch
        {
            (byte)'q' => hasMethod && hasBody,
            (byte)'r' => hasBody,
            (byte)'e' => true,
            _ => false,
        };
    }

    private bool TryReadMethod(ReadOnlySpan<byte> name)
    {
        Method = name switch
        {
            _ when name.SequenceEqual("ping"u8) => KrpcMethod.Ping,
            _ when name.SequenceEqual("find_node"u8) => KrpcMethod.FindNode,
            _ when name.SequenceEqual("get_peers"u8) => KrpcMethod.GetPeers,
            _ when name.SequenceEqual("announce_peer"u8) => KrpcMethod.AnnouncePeer,
            _ => KrpcMethod.Other,
        };
        return !name.IsEmpty;
    }

    private bool TryReadBody(scoped ref BencodeReader reader)
    {
        if (reader.TokenType != BencodeTokenType.StartDictionary)
        {
            reader.Skip();
            return false;
        }

        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> key = reader.ValueSpan;
            reader.Read();
            ReadArgument(key, ref reader);
        }

        return true;
    }

    private void ReadArgument(ReadOnlySpan<byte> key, scoped ref BencodeReader reader)
    {
        switch (key)
        {
            case var _ when key.SequenceEqual("id"u8):
                Id = Place(ref reader);
                break;
            case var _ when key.SequenceEqual("target"u8) || key.SequenceEqual("info_hash"u8):
                Target = Place(ref reader);
                break;
            case var _ when key.SequenceEqual("token"u8):
                Token = Text(ref reader);
                break;
            case var _ when key.SequenceEqual("port"u8):
                Port = Number(ref reader) is > 0 and <= ushort.MaxValue and var port ? (int)port : 0;
                break;
            case var _ when key.SequenceEqual("implied_port"u8):
                IsPortImplied = Number(ref reader) is not (0 or null);
                break;
            case var _ when key.SequenceEqual("seed"u8):
                IsSeed = Number(ref reader) == 1;
                break;
            case var _ when key.SequenceEqual("noseed"u8):
                WantsNoSeeds = Number(ref reader) == 1;
                break;
            case var _ when key.SequenceEqual("nodes"u8):
                Nodes = Text(ref reader);
                break;
            case var _ when key.SequenceEqual("nodes6"u8):
                Nodes6 = Text(ref reader);
                break;
            case var _ when key.SequenceEqual("want"u8):
                ReadWants(ref reader);
                break;
            case var _ when key.SequenceEqual("values"u8) && reader.TokenType == BencodeTokenType.StartList:
                Values = Whole(ref reader);
                break;
            default:
                reader.Skip();
                break;
        }
    }

    private void ReadWants(scoped ref BencodeReader reader)
    {
        if (reader.TokenType != BencodeTokenType.StartList)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType != BencodeTokenType.EndList)
        {
            ReadOnlySpan<byte> name = Text(ref reader);
            if (name.SequenceEqual("n4"u8))
                Wants |= KrpcWants.V4;
            else if (name.SequenceEqual("n6"u8))
                Wants |= KrpcWants.V6;
        }
    }

    private void ReadError(scoped ref BencodeReader reader)
    {
        if (reader.TokenType != BencodeTokenType.StartList)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType != BencodeTokenType.EndList)
        {
            if (reader.TokenType == BencodeTokenType.Integer)
                ErrorCode = reader.GetInt64();
            else
                ErrorText = Text(ref reader);
        }
    }

    private static NodeId? Place(scoped ref BencodeReader reader)
    {
        ReadOnlySpan<byte> bytes = Text(ref reader);
        return bytes.Length == NodeId.Length ? NodeId.Read(bytes) : null;
    }

    private static ReadOnlySpan<byte> Text(scoped ref BencodeReader reader)
    {
        if (reader.TokenType == BencodeTokenType.String)
            return reader.ValueSpan;
        reader.Skip();
        return default;
    }

    private static long? Number(scoped ref BencodeReader reader)
    {
        if (reader.TokenType == BencodeTokenType.Integer)
            return reader.GetInt64();
        reader.Skip();
        return null;
    }

    private readonly ReadOnlySpan<byte> Whole(scoped ref BencodeReader reader)
    {
        int start = reader.TokenStart;
        reader.Skip();
        return _packet[start..reader.Position];
    }
}
