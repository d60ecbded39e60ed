using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// A uTP connection to a peer: a <see cref="UtpConnection"/> under a lock, with its waiters. These continue on pool threads, never on the receiving thread.
/// </summary>
internal sealed class UtpPeerStream : PeerStream, IUtpOutput, IValueTaskSource<int>, IValueTaskSource, IThreadPoolWorkItem
{
    private const int LeastRefill = 64 << 10;

    private readonly UtpHost _host;
    private readonly SocketAddress _to;
    private readonly Lock _lock = new();
    private readonly UtpConnection _connection;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ManualResetValueTaskSourceCore<int> _received = new() { RunContinuationsAsynchronously = true };
    private ManualResetValueTaskSourceCore<bool> _sent = new() { RunContinuationsAsynchronously = true };
    private Memory<byte> _receiveBuffer;
    private ReadOnlyMemory<byte> _sendBuffer;
    private CancellationToken _receiveToken;
    private CancellationToken _sendToken;
    private CancellationTokenRegistration _receiveCancellation;
    private CancellationTokenRegistration _sendCancellation;
    private bool _isReceiving;
    private bool _isSending;
    private bool _isQueued;
    private bool _isDisposed;
    private bool _hasFailed;

    public UtpPeerStream(UtpHost host, IPEndPoint endPoint, SocketAddress to, UtpMemory memory, ushort receiveId, ushort sendId, ushort number, bool isOutgoing, MtuSearch mtu)
    {
        _host = host;
        _to = to;
        RemoteEndPoint = endPoint;
        IsOutgoing = isOutgoing;
        Key = UtpAddress.Of(to, receiveId);
        _connection = new UtpConnection(this, memory, receiveId, sendId, number, mtu);
    }

    public override IPEndPoint RemoteEndPoint { get; }

    public override bool IsOutgoing { get; }

    public override bool IsUtp => true;

    public UtpAddress Key { get; }

    public ushort SendId => _connection.SendId;

    /// <summary>Completes when the connection is established; fails with a <see cref="SocketException"/> otherwise.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Whether it has packets to acknowledge. Used only by the receiving thread.</summary>
    public bool IsTouched { get; set; }

    public UtpState State => _connection.State;

    /// <summary>Whether it depends on timers.</summary>
    public bool IsBusy => _connection.IsBusy;

    bool IUtpOutput.Send(ReadOnlySpan<byte> packets, int length, bool isProbe) => _host.Send(packets, length, _to, isProbe);

    public void Connect(long now)
    {
        lock (_lock)
            _connection.Connect(now);
    }

    public void Accept(in UtpHeader syn, long now, bool wasAnswered = false)
    {
        lock (_lock)
            _connection.Accept(syn, now, wasAnswered);
    }

    /// <summary>Processes a packet; <see cref="Flush"/> then performs the consequences.</summary>
    public void Receive(in UtpHeader header, ReadOnlySpan<byte> selectiveAck, ReadOnlySpan<byte> payload, long now)
    {
        lock (_lock)
            _connection.Receive(header, selectiveAck, payload, now);
    }

    /// <summary>Acknowledges received packets, and wakes the waiters.</summary>
    public void Flush(long now)
    {
        lock (_lock)
        {
            _connection.Flush(now);
            Refill(now);
        }

        Wake();
    }

    public void Tick(long now)
    {
        lock (_lock)
        {
            _connection.Tick(now);
            Refill(now);
        }

        Wake();
    }

    /// <summary>Ends the connection at once.</summary>
    public void Abort(long now)
    {
        lock (_lock)
        {
            _isDisposed = true;
            _connection.Abort(now);
        }

        Wake();
    }

    /// <summary>Ends the connection in any state, after a fault of this program: only its waiters are notified. False if it was already done.</summary>
    public bool Fail(long now)
    {
        bool receive, send;
        lock (_lock)
        {
            if (_hasFailed)
                return false;
            _hasFailed = _isDisposed = true;
            try
            {
                _connection.Abort(now);
            }
            catch (Exception)
            {
                // the connection is lost anyway
            }

            (receive, send) = (_isReceiving, _isSending);
            (_isReceiving, _isSending) = (false, false);
            (_receiveBuffer, _sendBuffer) = (default, default);
        }

        _host.Remove(this);
        _opened.TrySetException(new SocketException((int)SocketError.ConnectionAborted));
        if (receive)
            _received.SetException(Broken());
        if (send)
            _sent.SetException(Broken());
        return true;
    }

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        lock (_lock)
        {
            if (IsReceiveReady)
                return Take(buffer, out Exception? error) is int count && error is null ? new ValueTask<int>(count) : ValueTask.FromException<int>(error!);
            _received.Reset();
            _receiveBuffer = buffer;
            _receiveToken = cancellationToken;
            _isReceiving = true;
            if (cancellationToken.CanBeCanceled)
                _receiveCancellation = cancellationToken.UnsafeRegister(static (stream, token) => ((UtpPeerStream)stream!).Cancel(token), this);
            return new ValueTask<int>(this, _received.Version);
        }
    }

    public override ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        ValueTask sending;
        lock (_lock)
        {
            if (_isDisposed || _connection.State is UtpState.Closing or UtpState.Closed)
                return ValueTask.FromException(Broken());
            int count = _connection.Write(buffer.Span, _host.Now);
            if (count == buffer.Length)
            {
                sending = default;
            }
            else
            {
                _sent.Reset();
                _sendBuffer = buffer[count..];
                _sendToken = cancellationToken;
                _isSending = true;
                if (cancellationToken.CanBeCanceled)
                    _sendCancellation = cancellationToken.UnsafeRegister(static (stream, token) => ((UtpPeerStream)stream!).Cancel(token), this);
                sending = new ValueTask(this, _sent.Version);
            }
        }

        _host.Hurry();
        return sending;
    }

    private bool IsReceiveReady => _isDisposed || _connection.Readable > 0 || _connection.IsEnded || _connection.State is UtpState.Closing or UtpState.Closed;

    private bool IsSendReady => _isDisposed || _sendBuffer.IsEmpty || _connection.State is UtpState.Closing or UtpState.Closed;

    private IOException Broken() => new(_isDisposed ? "The connection was closed." : _connection.Failure switch
    {
        UtpFailure.TimedOut => "The peer does not answer any more.",
        UtpFailure.Reset => "The peer has reset the connection.",
        _ => "The connection was closed.",
    });

    private int Take(Memory<byte> buffer, out Exception? error)
    {
        error = null;
        if (_isDisposed || (_connection.Readable == 0 && !_connection.IsEnded))
            error = Broken();
        return error is null ? _connection.Read(buffer.Span, _host.Now) : 0;
    }

    /// <summary>Takes more of the bytes being sent.</summary>
    private void Refill(long now)
    {
        if (!_isSending || _sendBuffer.IsEmpty || _connection.Writable < Math.Min(_sendBuffer.Length, LeastRefill))
            return;
        _sendBuffer = _sendBuffer[_connection.Write(_sendBuffer.Span, now)..];
    }

    private void Wake()
    {
        if (_connection.State == UtpState.Closed)
            _host.Remove(this);
        if (!_opened.Task.IsCompleted)
            SettleOpening();
        lock (_lock)
        {
            if (_isQueued || !((_isReceiving && IsReceiveReady) || (_isSending && IsSendReady)))
                return;
            _isQueued = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void SettleOpening()
    {
        switch (_connection.State)
        {
            case UtpState.Connected:
                _opened.TrySetResult();
                break;
            case UtpState.Closed:
                _opened.TrySetException(new SocketException((int)(_connection.Failure == UtpFailure.Reset ? SocketError.ConnectionRefused : SocketError.TimedOut)));
                break;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        int count = 0;
        bool received = false, sent = false;
        Exception? receiveError = null, sendError = null;
        lock (_lock)
        {
            _isQueued = false;
            if (_isReceiving && IsReceiveReady)
            {
                count = Take(_receiveBuffer, out receiveError);
                received = true;
                _isReceiving = false;
                _receiveBuffer = default;
                _receiveCancellation.Unregister();
            }

            if (_isSending && IsSendReady)
            {
                sendError = _sendBuffer.IsEmpty ? null : Broken();
                sent = true;
                _isSending = false;
                _sendBuffer = default;
                _sendCancellation.Unregister();
            }
        }

        if (sent)
            Complete(ref _sent, true, sendError);
        if (received)
            Complete(ref _received, count, receiveError);
    }

    private static void Complete<T>(ref ManualResetValueTaskSourceCore<T> source, T result, Exception? error)
    {
        if (error is null)
            source.SetResult(result);
        else
            source.SetException(error);
    }

    private void Cancel(CancellationToken token)
    {
        bool receive, send;
        lock (_lock)
        {
            receive = _isReceiving && _receiveToken == token;
            send = _isSending && _sendToken == token;
            if (receive)
                (_isReceiving, _receiveBuffer) = (false, default);
            if (send)
                (_isSending, _sendBuffer) = (false, default);
        }

        if (receive)
            _received.SetException(new OperationCanceledException(token));
        if (send)
            _sent.SetException(new OperationCanceledException(token));
    }

    int IValueTaskSource<int>.GetResult(short token) => _received.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _received.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _received.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token) => _sent.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _sent.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _sent.OnCompleted(continuation, state, token, flags);

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            _connection.Close(_host.Now);
        }

        _host.Hurry();
        Wake();
    }
}
