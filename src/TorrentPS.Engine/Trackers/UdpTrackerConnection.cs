using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Trackers;

/// <summary>
/// One address of a UDP tracker (BEP 15): the socket, the connection id while it is valid, and the pending requests. All torrents of a client share it, so that a scrape,
/// or the announce of another torrent, reuses the connection id.
/// </summary>
internal sealed class UdpTrackerConnection(EndPoint endPoint, Func<EndPoint, IDatagramSocket> open, TimeProvider timeProvider) : IDisposable
{
    /// <summary>The lifetime of a connection id (BEP 15).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    // The longest request: a scrape of 74 torrents.
    private const int LongestRequest = 1536;
    // Enough for 900 peers with IPv6 addresses, more than are requested.
    private const int LongestReply = 16 * 1024;
    private const int LastDoubling = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Waiting> _waiting = [];
    private IDatagramSocket? _socket;
    private volatile IPAddress? _from;
    private CancellationTokenSource? _closing;
    private ITimer? _expiry;
    private ConnectionId? _connectionId;

    public EndPoint EndPoint => endPoint;

    /// <summary>The address of the tracker; if a proxy resolves its name, the source of the last answer, and null before.</summary>
    public IPAddress? From => endPoint is IPEndPoint address ? address.Address : _from;

    /// <summary>Whether it has no socket and no state worth keeping.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_lock)
                return _socket is null;
        }
    }

    /// <summary>Sends a request; returns the answer, which may be an error, or null if there was none in time.</summary>
    /// <exception cref="SocketException">Nothing listens there, or there is no route.</exception>
    public async Task<byte[]?> AskAsync(UdpTrackerCall call, CancellationToken cancellationToken)
    {
        while (true)
        {
            ConnectionId? known = Current();
            ConnectionId? connectionId = known;
            if (connectionId is null)
            {
                byte[]? connected = await ExchangeAsync(
                    new UdpTrackerCall(UdpTrackerAction.Connect, static (destination, _, transactionId) => UdpTrackerRequest.WriteConnect(destination, transactionId), call.FirstWait, call.IsRepeated, null),
                    0, static () => true, cancellationToken).ConfigureAwait(false);
                if (connected is null || IsError(connected))
                    return connected;
                connectionId = Remember(UdpTrackerReply.ReadConnect(connected));
            }
            // A cached id is tried only once: the tracker may have restarted since.
            byte[]? reply = await ExchangeAsync(call, connectionId.Value, () => known is null && IsAlive(connectionId), cancellationToken).ConfigureAwait(false);
            bool isRefused = reply is null || IsError(reply);
            if (isRefused)
                Forget(connectionId);
            if (!isRefused || (reply is null && !call.IsRepeated) || (reply is not null && known is null))
                return reply;
        }
    }

    /// <summary>Closes the socket; pending requests fail.</summary>
    public void Dispose() => Close(new SocketException((int)SocketError.OperationAborted));

    private void Close(SocketException exception)
    {
        Waiting[] waiting;
        lock (_lock)
        {
            waiting = [.. _waiting.Values];
            _waiting.Clear();
            CloseSocket();
        }
        foreach (Waiting one in waiting)
            one.Answer.TrySetException(exception);
    }

    private static bool IsError(byte[] reply) => UdpTrackerReply.TryReadHeader(reply, out UdpTrackerAction action, out _) && action == UdpTrackerAction.Error;

    // Sends a request until it is answered: again after 15 s, 30 s, ... 15 * 2^8 s of silence (BEP 15, "Time outs"), or from a shorter first wait.
    private async Task<byte[]?> ExchangeAsync(UdpTrackerCall call, long connectionId, Func<bool> mayRepeat, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(LongestRequest);
        (uint transactionId, Waiting waiting, IDatagramSocket socket) = Begin(call.Action);
        try
        {
            int length = call.Write(buffer, connectionId, transactionId);
            for (int repeats = 0; ; repeats++)
            {
                await socket.SendAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                call.Sent?.Invoke();
                TimeSpan wait = call.FirstWait * (1 << Math.Min(repeats, LastDoubling));
                try
                {
                    return await waiting.Answer.Task.WaitAsync(wait, timeProvider, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    if (!call.IsRepeated || !mayRepeat())
                        return null;
                }
            }
        }
        catch (SocketException exception)
        {
            Close(exception);
            throw;
        }
        catch (ObjectDisposedException exception)
        {
            throw new SocketException((int)SocketError.OperationAborted, exception.Message);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            End(transactionId);
        }
    }

    private (uint TransactionId, Waiting Waiting, IDatagramSocket Socket) Begin(UdpTrackerAction action)
    {
        lock (_lock)
        {
            if (_socket is null)
            {
                _socket = open(endPoint);
                _closing = new CancellationTokenSource();
                _ = ReceiveAsync(_socket, _closing.Token);
            }
            uint transactionId;
            do
            {
                // A guessable id would allow answers in the tracker's name.
                transactionId = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
            }
            while (_waiting.ContainsKey(transactionId));
            var waiting = new Waiting(action);
            _waiting.Add(transactionId, waiting);
            return (transactionId, waiting, _socket);
        }
    }

    private void End(uint transactionId)
    {
        lock (_lock)
        {
            _waiting.Remove(transactionId);
            CloseIfIdle();
        }
    }

    private async Task ReceiveAsync(IDatagramSocket socket, CancellationToken closing)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(LongestReply);
        try
        {
            while (true)
            {
                int length = await socket.ReceiveAsync(buffer, closing).ConfigureAwait(false);
                _from = socket.From;
                Take(buffer.AsSpan(0, length));
            }
        }
        catch (Exception exception) when (exception is not (SocketException or ObjectDisposedException or OperationCanceledException))
        {
            // A fault of this program fails the pending requests with the reason; the next request gets a new socket.
            Close(new SocketException((int)SocketError.SocketError, $"{exception.GetType().Name}: {exception.Message}"));
        }
        catch (SocketException exception) when (!closing.IsCancellationRequested)
        {
            Close(exception);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The socket was closed.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Malformed datagrams, and those that match no request, are ignored.
    private void Take(ReadOnlySpan<byte> datagram)
    {
        if (!UdpTrackerReply.TryReadHeader(datagram, out UdpTrackerAction action, out uint transactionId))
            return;
        Waiting? waiting;
        lock (_lock)
        {
            if (!_waiting.TryGetValue(transactionId, out waiting) || (action != waiting.Action && action != UdpTrackerAction.Error))
                return;
        }
        waiting.Answer.TrySetResult(datagram.ToArray());
    }

    private ConnectionId? Current()
    {
        lock (_lock)
            return _connectionId is { } current && IsAlive(current) ? current : null;
    }

    private bool IsAlive(ConnectionId connectionId) => timeProvider.GetElapsedTime(connectionId.Since) < Lifetime;

    private ConnectionId Remember(long value)
    {
        var connectionId = new ConnectionId(value, timeProvider.GetTimestamp());
        lock (_lock)
        {
            _connectionId = connectionId;
            _expiry?.Dispose();
            _expiry = timeProvider.CreateTimer(static state => ((UdpTrackerConnection)state!).Expire(), this, Lifetime, Timeout.InfiniteTimeSpan);
        }
        return connectionId;
    }

    private void Forget(ConnectionId connectionId)
    {
        lock (_lock)
        {
            if (_connectionId == connectionId)
                _connectionId = null;
            CloseIfIdle();
        }
    }

    private void Expire()
    {
        lock (_lock)
            CloseIfIdle();
    }

    // Call under the lock. A tracker is announced to every half hour: the socket is not kept open that long.
    private void CloseIfIdle()
    {
        if (_waiting.Count == 0 && (_connectionId is null || !IsAlive(_connectionId)))
            CloseSocket();
    }

    private void CloseSocket()
    {
        _connectionId = null;
        _expiry?.Dispose();
        _expiry = null;
        _closing?.Cancel();
        _closing?.Dispose();
        _closing = null;
        _socket?.Dispose();
        _socket = null;
    }

    private sealed record ConnectionId(long Value, long Since);

    private sealed class Waiting(UdpTrackerAction action)
    {
        public UdpTrackerAction Action => action;

        public TaskCompletionSource<byte[]> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
