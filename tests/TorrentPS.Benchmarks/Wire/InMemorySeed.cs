using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Benchmarks.Wire;

/// <summary>A seed that answers each request in order with the same bytes, split where the receiver's buffer ends, as by a socket.</summary>
internal sealed class InMemorySeed(int pieces) : InMemoryPeer
{
    private readonly Queue<BlockRequest> _requests = new();
    private readonly byte[] _message = new byte[PeerMessage.PieceHeaderLength + BlockRequest.BlockLength];
    private int _messageLength;
    private int _sent;
    private bool _isOpened;

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Span<byte> destination = buffer.Span;
        if (!_isOpened)
        {
            _isOpened = true;
            return ValueTask.FromResult(Open(destination));
        }

        int written = 0;
        while (written < destination.Length && (_sent < _messageLength || Next()))
        {
            int part = Math.Min(destination.Length - written, _messageLength - _sent);
            _message.AsSpan(_sent, part).CopyTo(destination[written..]);
            _sent += part;
            written += part;
        }

        return ValueTask.FromResult(written);
    }

    protected override void Message(MessageId id, ReadOnlySpan<byte> payload)
    {
        if (id == MessageId.Request && PeerMessage.TryReadBlock(payload, out BlockRequest block))
            _requests.Enqueue(block);
    }

    private int Open(Span<byte> destination)
    {
        int length = Bitfield.ByteCount(pieces);
        PeerMessage.WriteHeader(destination, MessageId.Bitfield, length);
        for (int piece = 0; piece < pieces; piece++)
            destination[5 + piece / 8] |= (byte)(0x80 >> piece % 8);
        PeerMessage.WriteState(destination[(5 + length)..], MessageId.Unchoke);
        return 5 + length + 5;
    }

    private bool Next()
    {
        if (!_requests.TryDequeue(out BlockRequest block))
            return false;
        PeerMessage.WritePieceHeader(_message, block);
        _messageLength = PeerMessage.PieceHeaderLength + block.Length;
        _sent = 0;
        return true;
    }
}
