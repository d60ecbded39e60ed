using TorrentPS.Engine.Wire;

namespace TorrentPS.Benchmarks.Wire;

/// <summary>A peer that requests every block in order, a number at a time, and disconnects when it has them.</summary>
internal sealed class InMemoryLeecher(int blocks, int blocksInPiece, int window) : InMemoryPeer
{
    private TaskCompletionSource? _waiting;
    private bool _isUnchoked;
    private int _asked;

    public int Received { get; private set; }

    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_isUnchoked && _waiting is null)
        {
            _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            PeerMessage.WriteState(buffer.Span, MessageId.Interested);
            return 5;
        }

        while (Received < blocks && (!_isUnchoked || _asked == blocks || _asked - Received >= window))
        {
            _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await _waiting.Task.WaitAsync(cancellationToken);
        }

        int written = 0;
        for (; _asked < blocks && _asked - Received < window && written + PeerMessage.RequestLength <= buffer.Length; _asked++)
        {
            var block = new BlockRequest(_asked / blocksInPiece, _asked % blocksInPiece * BlockRequest.BlockLength, BlockRequest.BlockLength);
            PeerMessage.WriteBlock(buffer.Span[written..], MessageId.Request, block);
            written += PeerMessage.RequestLength;
        }

        return written;
    }

    protected override void Message(MessageId id, ReadOnlySpan<byte> payload)
    {
        _isUnchoked |= id == MessageId.Unchoke;
        Received += id == MessageId.Piece ? 1 : 0;
        if (id is MessageId.Unchoke or MessageId.Piece)
            _waiting?.TrySetResult();
    }
}
