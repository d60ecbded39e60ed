using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>Writes messages into one reused buffer. Keys are written in sorted order, as bencoding requires.</summary>
internal sealed class KrpcWriter
{
    /// <summary>The longest packet that is sent (BEP 32, "Maximum packet size").</summary>
    public const int MaxLength = 1024;

    private readonly ArrayBufferWriter<byte> _buffer = new(MaxLength);

    // The conventional client and version (BEP 5, "v").
    private static ReadOnlySpan<byte> Version => "TP\0\u0001"u8;

    /// <summary>Writes one of our queries.</summary>
    /// <param name="transactionId">The id to match the answer.</param>
    /// <param name="own">Our id.</param>
    /// <param name="isReadOnly">Whether we answer no queries (BEP 43).</param>
    /// <param name="query">The query.</param>
    public ReadOnlySpan<byte> Query(ushort transactionId, NodeId own, bool isReadOnly, in KrpcQuery query)
    {
        BencodeWriter writer = Begin();
        writer.WriteString("a"u8);
        writer.WriteStartDictionary();
        WriteId(writer, "id"u8, own);
        if (query.Method == KrpcMethod.AnnouncePeer)
            WriteNumber(writer, "implied_port"u8, 0);
        if (query.Method is KrpcMethod.GetPeers or KrpcMethod.AnnouncePeer)
            WriteId(writer, "info_hash"u8, query.Target);
        if (query.Method == KrpcMethod.AnnouncePeer)
        {
            WriteNumber(writer, "port"u8, query.Port);
            if (query.IsSeed)
                WriteNumber(writer, "seed"u8, 1);
            WriteText(writer, "token"u8, query.Token.Span);
        }

        if (query.Method == KrpcMethod.FindNode)
            WriteId(writer, "target"u8, query.Target);
        WriteWants(writer, query.Wants);
        writer.WriteEndDictionary();
        WriteText(writer, "q"u8, NameOf(query.Method));
        if (isReadOnly)
            WriteNumber(writer, "ro"u8, 1);
        Span<byte> id = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(id, transactionId);
        return End(writer, id, "q"u8);
    }

    /// <summary>Writes an answer to a query.</summary>
    /// <param name="transactionId">The id of the query.</param>
    /// <param name="own">Our id.</param>
    /// <param name="to">The source of the query, which is also reported to it (BEP 42).</param>
    /// <param name="answer">The answer.</param>
    public ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> transactionId, NodeId own, IPEndPoint to, KrpcAnswer answer)
    {
        BencodeWriter writer = Begin();
        WriteExternal(writer, to);
        writer.WriteString("r"u8);
        writer.WriteStartDictionary();
        WriteId(writer, "id"u8, own);
        if (!answer.Nodes.IsEmpty)
            WriteText(writer, "nodes"u8, answer.Nodes);
        if (!answer.Nodes6.IsEmpty)
            WriteText(writer, "nodes6"u8, answer.Nodes6);
        if (!answer.Token.IsEmpty)
            WriteText(writer, "token"u8, answer.Token);
        if (answer.Values is { Count: > 0 } values)
            WriteValues(writer, values);
        writer.WriteEndDictionary();
        return End(writer, transactionId, "r"u8);
    }

    /// <summary>Writes an error.</summary>
    public ReadOnlySpan<byte> Error(ReadOnlySpan<byte> transactionId, IPEndPoint to, KrpcErrorCode code, ReadOnlySpan<byte> text)
    {
        BencodeWriter writer = Begin();
        writer.WriteString("e"u8);
        writer.WriteStartList();
        writer.WriteInteger((int)code);
        writer.WriteString(text);
        writer.WriteEndList();
        WriteExternal(writer, to);
        return End(writer, transactionId, "e"u8);
    }

    private static ReadOnlySpan<byte> NameOf(KrpcMethod method) => method switch
    {
        KrpcMethod.Ping => "ping"u8,
        KrpcMethod.FindNode => "find_node"u8,
        KrpcMethod.GetPeers => "get_peers"u8,
        KrpcMethod.AnnouncePeer => "announce_peer"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(method)),
    };

    private static void WriteId(BencodeWriter writer, ReadOnlySpan<byte> key, NodeId id)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        id.Write(bytes);
        WriteText(writer, key, bytes);
    }

    private static void WriteNumber(BencodeWriter writer, ReadOnlySpan<byte> key, long number)
    {
        writer.WriteString(key);
        writer.WriteInteger(number);
    }

    private static void WriteText(BencodeWriter writer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> text)
    {
        writer.WriteString(key);
        writer.WriteString(text);
    }

    private static void WriteWants(BencodeWriter writer, KrpcWants wants)
    {
        if (wants == KrpcWants.Unsaid)
            return;
        writer.WriteString("want"u8);
        writer.WriteStartList();
        if (wants.HasFlag(KrpcWants.V4))
            writer.WriteString("n4"u8);
        if (wants.HasFlag(KrpcWants.V6))
            writer.WriteString("n6"u8);
        writer.WriteEndList();
    }

    private static void WriteExternal(BencodeWriter writer, IPEndPoint to)
    {
        Span<byte> address = stackalloc byte[CompactAddress.LengthV6];
        int length = CompactAddress.Write(to, address);
        WriteText(writer, "ip"u8, address[..length]);
    }

    private static void WriteValues(BencodeWriter writer, IReadOnlyList<IPEndPoint> values)
    {
        Span<byte> address = stackalloc byte[CompactAddress.LengthV6];
        writer.WriteString("values"u8);
        writer.WriteStartList();
        for (int i = 0; i < values.Count; i++)
            writer.WriteString(address[..CompactAddress.Write(values[i], address)]);
        writer.WriteEndList();
    }

    private BencodeWriter Begin()
    {
        _buffer.ResetWrittenCount();
        var writer = new BencodeWriter(_buffer);
        writer.WriteStartDictionary();
        return writer;
    }

    private ReadOnlySpan<byte> End(BencodeWriter writer, scoped ReadOnlySpan<byte> transactionId, scoped ReadOnlySpan<byte> type)
    {
        WriteText(writer, "t"u8, transactionId);
        WriteText(writer, "v"u8, Version);
        WriteText(writer, "y"u8, type);
        writer.WriteEndDictionary();
        return _buffer.WrittenSpan;
    }
}
