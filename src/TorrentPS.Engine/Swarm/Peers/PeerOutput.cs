using System.Buffers;
using System.Runtime.CompilerServices;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// The output of one connection: first the queued messages, all together, and then output that its <see cref="PeerHandler"/> creates when the connection is ready for it.
/// The amount waiting for a peer that does not read is limited here, for every kind of message.
/// </summary>
internal sealed class PeerOutput(PeerConnection connection, PeerStream stream)
{
    /// <summary>The maximum size of queued messages behind those that the peer does not read, in bytes.</summary>
    public const int MaxWaiting = 256 * 1024;

    /// <summary>The time after which a peer that reads nothing is closed.</summary>
    private const double StuckSeconds = 120;

    private byte[] _messages = [];
    private bool _isSending;
    private double _sendBeganAt;
    private bool _isOverfull;

    /// <summary>The size of queued messages behind those being sent, in bytes.</summary>
    public int BytesWaiting { get; private set; }

    /// <summary>The number of queued rejects.</summary>
    public int RefusalsWaiting { get; private set; }

    /// <summary>The time of the last send, on the torrent's clock in seconds.</summary>
    public double LastSentAt { get; set; }

    /// <summary>Returns space for a message. A peer for which too much is queued is closed, and gets no more.</summary>
    public Span<byte> Append(int length)
    {
        if (_isSending && BytesWaiting > 0 && BytesWaiting + length > MaxWaiting && !_isOverfull)
        {
            _isOverfull = true;
            _ = CloseOverfullAsync();
        }

        if (_isOverfull || connection.IsClosed)
            return new byte[length]; // discarded
        if (_messages.Length - BytesWaiting < length)
        {
            byte[] next = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _messages.Length, Math.Max(BytesWaiting + length, 1024)));
            _messages.AsSpan(0, BytesWaiting).CopyTo(next);
            if (_messages.Length > 0)
                ArrayPool<byte>.Shared.Return(_messages);
            _messages = next;
        }

        Span<byte> span = _messages.AsSpan(BytesWaiting, length);
        BytesWaiting += length;
        return span;
    }

    /// <summary>Queues a choke, an interest or another message without a payload.</summary>
    public void QueueState(MessageId id) => PeerMessage.WriteState(Append(PeerMessage.PrefixLength + 1), id);

    /// <summary>Queues a reject.</summary>
    public void QueueReject(BlockRequest block)
    {
        RefusalsWaiting++;
        PeerMessage.WriteBlock(Append(PeerMessage.RequestLength), MessageId.Reject, block);
    }

    public void SendKeepAlive()
    {
        PeerMessage.WriteKeepAlive(Append(PeerMessage.PrefixLength));
        Flush();
    }

    /// <summary>Sends everything queued, unless a send is running, which then continues with it.</summary>
    public void Flush()
    {
        if (_isSending || connection.IsClosed || (BytesWaiting == 0 && connection.Handler is not { HasMore: true }))
            return;
        _ = SendAsync();
    }

    /// <summary>Whether the peer has read nothing for too long.</summary>
    public bool IsStuck(double now) => _isSending && now - _sendBeganAt > StuckSeconds;

    /// <summary>The connection has ended.</summary>
    public void Closed()
    {
        if (_messages.Length == 0 || _isSending)
            return;
        ArrayPool<byte>.Shared.Return(_messages);
        _messages = [];
        BytesWaiting = 0;
    }

    private async Task SendAsync()
    {
        _isSending = true;
        try
        {
            while (!connection.IsClosed)
            {
                _sendBeganAt = connection.Now;
                if (BytesWaiting > 0)
                    await SendMessagesAsync();
                else if (connection.Handler is not { } handler || !await handler.SendMoreAsync())
                    break;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            connection.Close(PeerClose.Lost);
        }
        catch (Exception e)
        {
            connection.Fault(e);
        }
        finally
        {
            _isSending = false;
            connection.Handler?.Sent();
            if (connection.IsClosed)
                Closed();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendMessagesAsync()
    {
        byte[] sending = _messages;
        int length = BytesWaiting, refusals = RefusalsWaiting;
        _messages = [];
        BytesWaiting = 0;
        try
        {
            await stream.SendAsync(sending.AsMemory(0, length));
            LastSentAt = connection.Now;
            RefusalsWaiting -= refusals;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sending);
        }
    }

    /// <summary>Sends bytes directly; for <see cref="PeerHandler.SendMoreAsync"/>, which determines the moment.</summary>
    public ValueTask SendAsync(Memory<byte> bytes) => stream.SendAsync(bytes);

    /// <inheritdoc cref="PeerStream.LimitUnsent"/>
    public void LimitUnsent(int bytes) => stream.LimitUnsent(bytes);

    /// <summary>Closes the connection in a separate turn on the loop, because the caller is in the middle of other work.</summary>
    private async Task CloseOverfullAsync()
    {
        await Task.Yield();
        connection.Close(PeerClose.TimedOut);
    }
}
