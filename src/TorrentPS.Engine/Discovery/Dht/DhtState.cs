using System.Buffers;
using System.Net.Sockets;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The state of the DHT between runs: our ids, and the known nodes.</summary>
internal sealed record DhtState
{
    /// <summary>The maximum number of nodes per address family.</summary>
    public const int MaxNodes = 500;

    private const int MaxLength = 256 * 1024;

    private static readonly BencodeReaderOptions s_limits = new() { MaxDataLength = MaxLength, MaxDepth = 2, MaxTokens = 100 };

    public NodeId? IdV4 { get; init; }

    public NodeId? IdV6 { get; init; }

    public IReadOnlyList<DhtContact> NodesV4 { get; init; } = [];

    public IReadOnlyList<DhtContact> NodesV6 { get; init; } = [];

    public byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new BencodeWriter(buffer);
        writer.WriteStartDictionary();
        WriteId("id"u8, IdV4);
        WriteId("id6"u8, IdV6);
        writer.WriteString("nodes"u8);
        writer.WriteString(CompactAddress.WriteNodes(NodesV4, AddressFamily.InterNetwork));
        writer.WriteString("nodes6"u8);
        writer.WriteString(CompactAddress.WriteNodes(NodesV6, AddressFamily.InterNetworkV6));
        writer.WriteEndDictionary();
        return buffer.WrittenSpan.ToArray();

        void WriteId(ReadOnlySpan<byte> key, NodeId? id)
        {
            if (id is not { } known)
                return;
            writer.WriteString(key);
            writer.WriteString(known.ToArray());
        }
    }

    /// <summary>Parses the state; null if it is invalid.</summary>
    public static DhtState? Read(ReadOnlySpan<byte> bytes)
    {
        var state = new DhtState();
        try
        {
            var reader = new BencodeReader(bytes, s_limits);
            reader.Read();
            if (reader.TokenType != BencodeTokenType.StartDictionary)
                return null;
            while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
            {
                ReadOnlySpan<byte> key = reader.ValueSpan;
                reader.Read();
                if (reader.TokenType != BencodeTokenType.String)
                    reader.Skip();
                else
                    state = state.With(key, reader.ValueSpan);
            }

            return state;
        }
        catch (BencodeException)
        {
            return null;
        }
    }

    private DhtState With(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("id"u8) && value.Length == NodeId.Length)
            return this with { IdV4 = NodeId.Read(value) };
        if (key.SequenceEqual("id6"u8) && value.Length == NodeId.Length)
            return this with { IdV6 = NodeId.Read(value) };
        if (key.SequenceEqual("nodes"u8))
            return this with { NodesV4 = Nodes(value, AddressFamily.InterNetwork) };
        return key.SequenceEqual("nodes6"u8) ? this with { NodesV6 = Nodes(value, AddressFamily.InterNetworkV6) } : this;
    }

    private static List<DhtContact> Nodes(ReadOnlySpan<byte> value, AddressFamily family)
    {
        var nodes = new List<DhtContact>();
        CompactAddress.ReadNodes(value, family, MaxNodes, nodes);
        return nodes;
    }
}
