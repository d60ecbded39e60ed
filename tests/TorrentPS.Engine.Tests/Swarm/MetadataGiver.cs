using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>A peer in memory that has the metadata, or claims to, and answers each request as a test says. Written without the engine's peers.</summary>
internal sealed class MetadataGiver
{
    private const byte OwnId = 7;

    private static int s_count;

    private readonly MemoryPeerStream _stream;
    private readonly byte[] _metadata;

    public MetadataGiver(byte[] metadata, IPAddress? address = null)
    {
        _metadata = metadata;
        (MemoryPeerStream dialler, Stream) = MemoryPeerStream.Create(address: address);
        _stream = dialler;
    }

    /// <summary>The session's end, as of an incoming connection.</summary>
    public MemoryPeerStream Stream { get; }

    /// <summary>The size it announces; by default that of its metadata. 0 announces none.</summary>
    public long? Size { get; init; }

    /// <summary>Its answers to the request for a piece: messages, each a dictionary followed by data. None leaves it unanswered.</summary>
    public Func<int, IEnumerable<byte[]>>? Answer { get; init; }

    /// <summary>Whether an <see cref="IOException"/> of <see cref="Answer"/> ends the connection.</summary>
    public bool ClosesOnFault { get; init; }

    /// <summary>Bytes sent right after the extension handshake.</summary>
    public byte[] AndThen { get; init; } = [];

    /// <summary>Its answers to a request for hashes (BEP 52); none leaves it unanswered. If set, it supports version 2.</summary>
    public Func<HashRange, IEnumerable<byte[]>>? Hashes { get; init; }

    /// <summary>The requested hashes.</summary>
    public ConcurrentQueue<HashRange> HashRequests { get; } = [];

    /// <summary>The requested pieces.</summary>
    public List<int> Requests { get; } = [];

    /// <summary>The metadata messages received, except requests.</summary>
    public List<MetadataMessage> Others { get; } = [];

    /// <summary>The session's extension handshake; null before it arrives.</summary>
    public ExtensionHandshake? Told { get; private set; }

    public bool IsClosed => Stream.IsDisposed;

    public Handshake Handshake { get; private set; } = null!;

    public byte[] Piece(int piece) => Data(piece, _metadata.AsSpan(piece * MetadataMessage.BlockLength, MetadataMessage.LengthOf(piece, _metadata.Length)));

    public byte[] Data(int piece, ReadOnlySpan<byte> data, int? totalSize = null) =>
        [.. new MetadataMessage(MetadataMessageType.Data, piece, totalSize ?? _metadata.Length).ToBytes(), .. data];

    public static byte[] Reject(int piece) => new MetadataMessage(MetadataMessageType.Reject, piece).ToBytes();

    public static byte[] Message(MessageId id, params ReadOnlySpan<byte> payload)
    {
        byte[] bytes = new byte[5 + payload.Length];
        PeerMessage.WriteHeader(bytes, id, payload.Length);
        payload.CopyTo(bytes.AsSpan(5));
        return bytes;
    }

    /// <summary>Starts to serve.</summary>
    public void Start(ReadOnlySpan<byte> infoHash)
    {
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, infoHash, Encoding.ASCII.GetBytes($"-XX0001-{Interlocked.Increment(ref s_count):000000000000}"), supportsV2: Hashes is not null);
        Handshake = Handshake.Read(handshake)!;
        _ = ServeAsync();
    }

    /// <summary>Sends bytes without a request.</summary>
    public void Send(ReadOnlySpan<byte> bytes) => _stream.Send(bytes);

    /// <summary>Ends the connection.</summary>
    public void Close() => _stream.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            await ReadAsync(Handshake.Length);
            byte[] own = new ExtensionHandshake
            {
                Extensions = new Dictionary<string, byte> { [MetadataMessage.ExtensionName] = OwnId },
                MetadataSize = (Size ?? _metadata.Length) is not 0 and long size ? size : null,
            }.ToBytes();
            _stream.Send([.. Message(MessageId.Extended, [0, .. own]), .. AndThen]);
            byte theirId = 0;
            while (true)
            {
                byte[] message = await ReadAsync(BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(4)));
                if (message.Length > 0 && message[0] == (byte)MessageId.HashRequest)
                    AnswerHashes(message.AsSpan(1));
                if (message.Length < 2 || message[0] != (byte)MessageId.Extended)
                    continue;
                if (message[1] == 0)
                {
                    Told = ExtensionHandshake.Read(message.AsSpan(2));
                    theirId = Told.Extensions[MetadataMessage.ExtensionName];
                }
                else if (message[1] == OwnId)
                    Reply(MetadataMessage.Read(message.AsSpan(2), out _), theirId);
            }
        }
        catch (IOException)
        {
            if (ClosesOnFault)
                _stream.Dispose();
        }
    }

    private void Reply(MetadataMessage request, byte theirId)
    {
        lock (Requests)
        {
            if (request.Type != MetadataMessageType.Request)
            {
                Others.Add(request);
                return;
            }

            Requests.Add(request.Piece);
        }

        foreach (byte[] answer in Answer?.Invoke(request.Piece) ?? [Piece(request.Piece)])
            _stream.Send(Message(MessageId.Extended, [theirId, .. answer]));
    }

    private void AnswerHashes(ReadOnlySpan<byte> request)
    {
        HashMessage.TryRead(request, out _, out HashRange range, out _);
        HashRequests.Enqueue(range);
        foreach (byte[] answer in Hashes?.Invoke(range) ?? [])
            _stream.Send(answer);
    }

    private async Task<byte[]> ReadAsync(int length)
    {
        byte[] bytes = new byte[length];
        for (int count = 0; count < length;)
        {
            int received = await _stream.ReceiveAsync(bytes.AsMemory(count));
            count += received > 0 ? received : throw new IOException();
        }

        return bytes;
    }
}
