using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Tests.Transport;

/// <summary>
/// One end of a peer connection in memory. Sent bytes arrive at once; a waiting receiver resumes in its own context. A limit on the bytes per read splits messages
/// anywhere, as a network does.
/// </summary>
internal sealed class MemoryPeerStream : PeerStream
{
    private readonly Lock _lock = new();
    private readonly Queue<ReadOnlyMemory<byte>> _arrived = new();
    private readonly TaskCompletionSource _disposed = new();
    private readonly int _readLimit;
    private MemoryPeerStream _other = null!;
    private TaskCompletionSource? _arrival;
    private bool _isEnded;
    private bool _isDisposed;
    private Exception? _broken;

    private MemoryPeerStream(bool isOutgoing, int port, int readLimit, IPAddress? address)
    {
        IsOutgoing = isOutgoing;
        RemoteEndPoint = new IPEndPoint(address ?? IPAddress.Parse("192.0.2.1"), port);
        _readLimit = readLimit;
    }

    public override IPEndPoint RemoteEndPoint { get; }

    public override bool IsOutgoing { get; }

    public bool IsDisposed
    {
        get
        {
            lock (_lock)
                return _isDisposed;
        }
    }

    /// <summary>Whether the other end has closed the connection; bytes sent before may still be unread.</summary>
    public bool IsOver
    {
        get
        {
            lock (_lock)
                return _isEnded;
        }
    }

    /// <summary>Bytes sent by the other end and not yet read.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _arrived.Sum(bytes => bytes.Length);
        }
    }

    /// <summary>Whether sends complete; otherwise they wait until this end is disposed, as with a peer that does not read.</summary>
    public bool Sends { get; set; } = true;

    /// <summary>The largest buffer passed to a receive.</summary>
    public int LargestBuffer { get; private set; }

    /// <summary>The connecting and the accepting end.</summary>
    /// <param name="readLimit">The maximum number of bytes per receive.</param>
    /// <param name="address">The address of each end as the other sees it; by default one in the Internet.</param>
    public static (MemoryPeerStream Dialler, MemoryPeerStream Listener) Create(int readLimit = int.MaxValue, IPAddress? address = null)
    {
        MemoryPeerStream dialler = new(true, 6881, readLimit, address), listener = new(false, 50_000, readLimit, address);
        (dialler._other, listener._other) = (listener, dialler);
        return (dialler, listener);
    }

    /// <summary>Takes all bytes that have arrived.</summary>
    public byte[] TakeArrived()
    {
        lock (_lock)
        {
            byte[] bytes = [.. _arrived.SelectMany(part => part.ToArray())];
            _arrived.Clear();
            return bytes;
        }
    }

    public void Send(ReadOnlySpan<byte> bytes) => _other.Arrive(bytes.ToArray());

    /// <summary>Breaks the connection for the other end, as a reset does.</summary>
    /// <param name="fault">The exception at the other end; by default that of a reset.</param>
    public void Break(Exception? fault = null) => _other.End(fault ?? new IOException("Connection reset by peer"));

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        LargestBuffer = Math.Max(LargestBuffer, buffer.Length);
        lock (_lock)
        {
            if (TryReceive(buffer.Span, out int count))
                return new ValueTask<int>(count);
        }

        return WaitAndReceiveAsync(buffer, cancellationToken);
    }

    private async ValueTask<int> WaitAndReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task arrival;
            lock (_lock)
            {
                if (TryReceive(buffer.Span, out int count))
                    return count;
                arrival = (_arrival ??= new TaskCompletionSource()).Task;
            }

            await arrival.WaitAsync(cancellationToken); // in the context of the waiting code
        }
    }

    private bool TryReceive(Span<byte> buffer, out int count)
    {
        count = 0;
        if (_isDisposed)
            throw new IOException("The connection was closed.");
        if (_arrived.TryPeek(out ReadOnlyMemory<byte> first))
        {
            count = Math.Min(Math.Min(buffer.Length, first.Length), _readLimit);
            if (count == 0)
                return true;
            first.Span[..count].CopyTo(buffer);
            _arrived.Dequeue();
            if (count < first.Length)
                PutBack(first[count..]);
            return true;
        }

        if (_broken is not null)
            throw _broken;
        return _isEnded;
    }

    private void PutBack(ReadOnlyMemory<byte> rest)
    {
        ReadOnlyMemory<byte>[] behind = [.. _arrived];
        _arrived.Clear();
        _arrived.Enqueue(rest);
        foreach (ReadOnlyMemory<byte> bytes in behind)
            _arrived.Enqueue(bytes);
    }

    public override ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (IsDisposed)
            throw new IOException("The connection was closed.");
        if (_other.IsDisposed)
            throw new IOException("Broken pipe");
        if (!Sends)
            return new ValueTask(_disposed.Task);
        _other.Arrive(buffer.ToArray());
        return ValueTask.CompletedTask;
    }

    private void Arrive(byte[] bytes)
    {
        TaskCompletionSource? arrival;
        lock (_lock)
        {
            if (_isDisposed || bytes.Length == 0)
                return;
            _arrived.Enqueue(bytes);
            (arrival, _arrival) = (_arrival, null);
        }

        arrival?.SetResult();
    }

    private void End(Exception? broken)
    {
        TaskCompletionSource? arrival;
        lock (_lock)
        {
            _isEnded = true;
            _broken ??= broken;
            (arrival, _arrival) = (_arrival, null);
        }

        arrival?.SetResult();
    }

    protected override void Dispose(bool disposing)
    {
        TaskCompletionSource? arrival;
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            (arrival, _arrival) = (_arrival, null);
        }

        arrival?.SetResult();
        _disposed.SetException(new IOException("The connection was closed."));
        _ = _disposed.Task.Exception; // not awaiting it is no fault
        _other.End(null);
    }
}
