using System.Buffers;
using System.Runtime.CompilerServices;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// What is sent on one connection: queued messages first, all at once, and then what its <see cref="PeerHandler"/> makes only when the connection is ready for it. What waits for a
/// peer that does not read is bounded here, whatever it is.
/// </summary>
internal sealed class PeerOutput(PeerConnection connection, PeerStream stream)
{
    /// <summary>Bytes of messages that may wait behind what the peer does not take.</summary>
    public const int MaxWaiting = 256 * 1024;

    /// <summary>For so long a peer may take nothing of what is sent to it.</summary>
    private const double StuckSeconds = 120;

    private byte[] _messages = [];
    private bool _isSending;
    private double _sendBeganAt;
    private bool _isOverfull;

    /// <summary>Bytes of messages that wait behind those that are being sent.</summary>
    public int BytesWaiting { get; private set; }

    /// <summary>Refusals that are not sent yet.</summary>
    public int RefusalsWaiting { get; private set; }

    /// <summary>When something was sent last, in seconds of the torrent's clock.</summary>
    public double LastSentAt { get; set; }

    /// <summary>Room for a message. A peer for which too much waits is closed, and gets no more.</summary>
    public Span<byte> Append(int length)
    {
        if (_isSending && BytesWaiting > 0 && BytesWaiting + length > MaxWaiting && !_isOverfull)
        {
            _isOverfull = true;
            _ = CloseOverfullAsync();
        }

        if (_isOverfull || connection.IsClosed)
            return new byte[length]; // goes nowhere
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

    /// <summary>Queues the refusal of a request.</summary>
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

    /// <summary>Sends what there is, unless a send is under way, which then goes on with it.</summary>
    public void Flush()
    {
        if (_isSending || connection.IsClosed || (BytesWaiting == 0 && connection.Handler is not { HasMore: true }))
            return;
        _ = SendAsync();
    }

    /// <summary>Whether the peer has taken nothing for so long that it is none.</summary>
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

    /// <summary>Sends what is no queued message; for <see cref="PeerHandler.SendMoreAsync"/>, which then says when.</summary>
    public ValueTask SendAsync(Memory<byte> bytes) => stream.SendAsync(bytes);

    /// <summary>Closes it in its turn on the loop: whatever queues a message is in the midst of something.</summary>
    private async Task CloseOverfullAsync()
    {
        await Task.Yield();
        connection.Close(PeerClose.TimedOut);
    }
}
