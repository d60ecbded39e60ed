using System.Buffers.Binary;
using System.Net;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Benchmarks.Wire;

/// <summary>The other end of a simulated connection: it reads sent bytes at once, and its own bytes are available at once.</summary>
internal abstract class InMemoryPeer : PeerStream
{
    public override IPEndPoint RemoteEndPoint { get; } = new(IPAddress.Loopback, 1);

    public override bool IsOutgoing => true;

    public static Handshake Handshake()
    {
        byte[] bytes = new byte[Engine.Wire.Handshake.Length];
        Engine.Wire.Handshake.Write(bytes, new byte[InfoHash.V1Length], PeerId.Create());
        return Engine.Wire.Handshake.Read(bytes)!;
    }

    public override ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReadOnlySpan<byte> bytes = buffer.Span;
        while (bytes.Length >= PeerMessage.PrefixLength)
        {
            int length = PeerMessage.PrefixLength + BinaryPrimitives.ReadInt32BigEndian(bytes);
            if (length > PeerMessage.PrefixLength)
                Message((MessageId)bytes[4], bytes[5..length]);
            bytes = bytes[length..];
        }

        return ValueTask.CompletedTask;
    }

    protected abstract void Message(MessageId id, ReadOnlySpan<byte> payload);

    protected override void Dispose(bool disposing)
    {
    }
}
