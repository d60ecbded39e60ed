using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// A connection of a torrent after its handshake: receives bytes, splits them into messages and charges each, and closes the connection of a peer that violates the
/// protocol, floods us, is silent, or triggers a fault of this program. Its <see cref="PeerHandler"/> handles the messages: for a magnet link first one for the metadata,
/// then one for the data, without a new connection. It runs only on the torrent's loop.
/// </summary>
internal sealed class PeerConnection
{
    /// <summary>The maximum length of the receive buffer, except for a longer message.</summary>
    public const int LargeBuffer = 512 * 1024;

    private const int SmallBuffer = 4 * 1024;
    private const int ReceivesPerTurn = 4;
    private const double KeepAliveSeconds = 100;
    private const double SilenceSeconds = 150; // BEP 3 expects a message every two minutes

    private readonly PeerStream _stream;
    private readonly MessageBudget _budget = new();
    private readonly PeerExtensions _extensions;
    private PeerHandler? _handler; // null between two handlers
    private IPeerHost _host = null!;
    private Task? _running;
    private TaskCompletionSource? _takenOver; // received bytes wait for this
    private byte[] _told = [];
    private int _skipping; // the remaining bytes of a skipped message
    private bool _isLostUntold; // it ended while it had no handler
    private double _lastReceivedAt;

    /// <param name="stream">The stream.</param>
    /// <param name="handshake">The peer's handshake.</param>
    /// <param name="isV2">Whether the connection uses version 2.</param>
    public PeerConnection(PeerStream stream, Handshake handshake, bool isV2 = false)
    {
        (_stream, Handshake, IsV2) = (stream, handshake, isV2);
        Output = new PeerOutput(this, stream);
        _extensions = new PeerExtensions(this);
    }

    public Handshake Handshake { get; }

    /// <summary>Whether the connection uses version 2 (BEP 52), which has messages for hashes.</summary>
    public bool IsV2 { get; }

    public IPEndPoint EndPoint => _stream.RemoteEndPoint;

    public bool IsOutgoing => _stream.IsOutgoing;

    public bool IsEncrypted => _stream.IsEncrypted;

    public bool IsUtp => _stream.IsUtp;

    /// <summary>The outgoing messages.</summary>
    public PeerOutput Output { get; }

    /// <summary>The extension messages.</summary>
    public PeerExtensions Extensions => _extensions;

    /// <summary>The handler; null between two handlers.</summary>
    public PeerHandler? Handler => _handler;

    /// <summary>The torrent that it belongs to.</summary>
    public IPeerHost Host => _host;

    public double Now => _host.Now;

    public bool IsClosed { get; private set; }

    /// <summary>Whether the peer has sent bytes that the download limit does not let us read yet: its silence then does not count.</summary>
    public bool IsHeldBack { get; private set; }

    /// <summary>Sets the handler, which has not started yet.</summary>
    public void Serve(PeerHandler handler, IPeerHost host)
    {
        (_handler, _host) = (handler, host);
        _lastReceivedAt = Output.LastSentAt = Now;
    }

    /// <summary>
    /// Starts the handler: sends the first messages, passes it what the peer declared earlier, and then everything that the peer sends, until the connection ends or is
    /// passed on.
    /// </summary>
    public Task RunAsync()
    {
        _extensions.Members = _handler!.Extensions;
        if (_isLostUntold)
            _handler.Closed(PeerClose.Lost);
        else
            Open(_handler);
        _running ??= ReceiveUntilEndAsync();
        TakeOver();
        return _running;
    }

    /// <summary>Detaches the handler. Received bytes wait for the next one.</summary>
    /// <param name="told">Messages that the next handler must process first.</param>
    public void GiveAway(byte[] told)
    {
        (_handler, _told) = (null, told);
        _takenOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private void TakeOver()
    {
        _takenOver?.SetResult();
        _takenOver = null;
    }

    private void Open(PeerHandler handler)
    {
        try
        {
            handler.Open();
            Output.Flush();
            if (_told.Length == 0)
                return;
            (int skipping, _skipping) = (_skipping, 0);
            ReadMessages(_told);
            (_skipping, _told) = (skipping, []);
            if (!IsClosed)
                handler.Received();
            Output.Flush();
        }
        catch (Exception e)
        {
            Fault(e);
        }
    }

    private async Task ReceiveUntilEndAsync()
    {
        try
        {
            await ReceiveAsync();
        }
        catch (IOException)
        {
            // the reason why the peer closed the connection does not matter
        }
        catch (OperationCanceledException)
        {
            // the torrent is stopping
        }
        catch (Exception e)
        {
            Fault(e);
        }

        Close(PeerClose.Lost);
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);
        try
        {
            int used = 0, inTurn = 0;
            while (!IsClosed)
            {
                ValueTask<int> receiving = _handler?.DownloadLimiter is { IsLimited: true } limiter
                    ? ReceiveLimitedAsync(buffer.AsMemory(used), limiter)
                    : _stream.ReceiveAsync(buffer.AsMemory(used));
                // A peer with data always available must not starve other peers on the loop.
                inTurn = receiving.IsCompleted ? inTurn + 1 : 0;
                int received = await receiving;
                if (_takenOver is { } takenOver)
                    await takenOver.Task;
                if (received == 0 || IsClosed)
                    return;
                _lastReceivedAt = Now;
                used += received;
                int consumed = ReadMessages(buffer.AsSpan(0, used));
                if (IsClosed)
                    return;
                _handler!.Received();
                Output.Flush();
                buffer = Rearrange(buffer, consumed, ref used);
                if (inTurn >= ReceivesPerTurn)
                {
                    inTurn = 0;
                    await Task.Yield();
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<int> ReceiveLimitedAsync(Memory<byte> buffer, RateLimiter limiter)
    {
        // Waits for data before taking a share of the limit, so that idle peers take none.
        await _stream.ReceiveAsync(Memory<byte>.Empty);
        IsHeldBack = true;
        int allowed = await limiter.TakeAsync(buffer.Length);
        IsHeldBack = false;
        int received = 0;
        try
        {
            received = await _stream.ReceiveAsync(buffer[..allowed]);
        }
        finally
        {
            limiter.GiveBack(allowed - received);
        }

        return received;
    }

    /// <summary>Keeps unprocessed bytes, in a buffer sized for the peer's rate and the next message.</summary>
    private byte[] Rearrange(byte[] buffer, int consumed, ref int used)
    {
        int rest = used - consumed;
        int needed = rest < PeerMessage.PrefixLength ? 0 : PeerMessage.PrefixLength + BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(consumed));
        // Twice the received bytes, so that an announced length alone allocates no memory.
        int wanted = rest == buffer.Length ? Math.Min(needed, 2 * rest) : buffer.Length;
        int large = _handler?.ReceiveBufferLength ?? SmallBuffer;
        if (used == buffer.Length && buffer.Length < large)
            wanted = Math.Max(wanted, Math.Min(buffer.Length * 4, large));
        else if (buffer.Length > large && rest < large / 2 && needed <= large)
            wanted = large; // there are more peers now
        else if (rest == 0 && buffer.Length > 4 * SmallBuffer && _handler is not { ExpectsData: true })
            wanted = SmallBuffer;
        if (wanted != buffer.Length)
        {
            byte[] next = ArrayPool<byte>.Shared.Rent(wanted);
            buffer.AsSpan(consumed, rest).CopyTo(next);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = next;
        }
        else if (consumed > 0 && rest > 0)
        {
            buffer.AsSpan(consumed, rest).CopyTo(buffer);
        }

        used = rest;
        return buffer;
    }

    /// <summary>Handles the complete messages in the bytes, and returns their length.</summary>
    private int ReadMessages(ReadOnlySpan<byte> bytes)
    {
        int position = Math.Min(_skipping, bytes.Length);
        _skipping -= position;
        while (!IsClosed && bytes.Length - position >= PeerMessage.PrefixLength)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[position..]);
            if (length > PeerMessage.MaxLength)
            {
                Violate("a message of {0} bytes", length);
                break;
            }

            int missing = PeerMessage.PrefixLength + (int)length - (bytes.Length - position);
            if (missing > 0)
            {
                if (bytes.Length - position == PeerMessage.PrefixLength || IsAwaited((MessageId)bytes[position + 4], (int)length))
                    break;
                _skipping = missing;
                return bytes.Length;
            }

            Take(bytes.Slice(position + PeerMessage.PrefixLength, (int)length));
            position += PeerMessage.PrefixLength + (int)length;
        }

        return position;
    }

    /// <summary>Whether the beginning of a message is kept until the rest arrives. Unknown messages are not: they are charged, and skipped.</summary>
    private bool IsAwaited(MessageId id, int length)
    {
        if (IsKnown(id, length))
            return true;
        _budget.Charge(length, Now);
        if (_budget.IsOverdrawn)
            ViolateByFlood(id);
        return false;
    }

    /// <summary>Whether messages of a type are known; one that is too long is a violation.</summary>
    /// <param name="id">The type.</param>
    /// <param name="length">The length, including the id.</param>
    public bool IsKnown(MessageId id, int length)
    {
        int longest = id == MessageId.Hashes ? _handler!.Hashes.Longest : PeerMessage.LongestOf(id, _handler!.PieceCount);
        if (longest > 0 && length > longest)
            Violate(id == MessageId.Bitfield ? "a bitfield of {0} bytes that does not fit the torrent" : $"a message {id} of a wrong length: {{0}} bytes", length - 1);
        return longest > 0;
    }

    /// <summary>Every message passes here: it is charged, and may earn the charge back.</summary>
    private void Take(ReadOnlySpan<byte> message)
    {
        _budget.Charge(message.Length, Now);
        if (message.IsEmpty)
        {
            if (_budget.IsOverdrawn)
                ViolateByFlood("a keep-alive");
            return;
        }

        var id = (MessageId)message[0];
        if (id == MessageId.Extended)
            _extensions.Receive(message[1..]);
        else
            _handler!.Handle(id, message[1..]);
        if (_budget.IsOverdrawn)
            ViolateByFlood(id);
    }

    private void ViolateByFlood(object last) => Violate("a flood of messages that move no data, the last {0}", last);

    /// <summary>Charges an extra price; false if the budget is exceeded.</summary>
    public bool Spend(int points)
    {
        if (!_budget.TrySpend(points))
            Violate("a flood of messages that move no data, the last for {0} points", points);
        return !IsClosed;
    }

    /// <summary>A message moved data, or is of a type whose number is bounded.</summary>
    public void EarnBack() => _budget.Earn(MessageBudget.Idle);

    /// <summary>Blocks were sent: pays for each request, and for a cancel that may be on its way.</summary>
    public void EarnBySending(int blocks) => _budget.Earn(2 * MessageBudget.Idle * blocks);

    /// <summary>Closes the connection because the peer violated the protocol.</summary>
    public void Violate(string what, object detail)
    {
        if (IsClosed)
            return;
        if (_handler is { } handler)
            _host.Violated(handler, string.Format(CultureInfo.InvariantCulture, what, detail));
        Close(PeerClose.Violation);
    }

    /// <summary>Closes the connection, and nothing else, because of a fault of this program.</summary>
    public void Fault(Exception fault)
    {
        if (IsClosed)
            return;
        if (_handler is { } handler)
            _host.Faulted(handler, fault);
        Close(PeerClose.Faulted);
    }

    /// <summary>Closes the connection; its handler is notified once.</summary>
    public void Close(PeerClose reason)
    {
        if (IsClosed)
            return;
        IsClosed = true;
        _stream.Dispose();
        _isLostUntold = _handler is null;
        _handler?.Closed(reason);
        Output.Closed();
        TakeOver();
    }

    /// <summary>Periodic work: keep-alive, silence.</summary>
    public void Tick(double now)
    {
        if (IsClosed)
            return;
        if (IsHeldBack)
            _lastReceivedAt = now;
        if (now - _lastReceivedAt > SilenceSeconds || Output.IsStuck(now))
            Close(PeerClose.TimedOut);
        else if (now - Output.LastSentAt > KeepAliveSeconds)
            Output.SendKeepAlive();
    }
}
