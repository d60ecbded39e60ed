using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Tests.Transport;

/// <summary>
/// One end of a peer connection in memory. What is sent arrives at once; who waits for it goes on in its own context. A limit on the bytes of a
/// read makes it a network that splits messages anywhere.
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

    /// <summary>Whether the other end has ended it; what it sent before may still be there.</summary>
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

    /// <summary>Whether what is sent from here leaves; else it waits for as long as this end lives, as with a peer that does not read.</summary>
    public bool Sends { get; set; } = true;

    /// <summary>The largest buffer that was there to receive into.</summary>
    public int LargestBuffer { get; private set; }

    /// <summary>The end that connects, and the end that accepts.</summary>
    /// <param name="readLimit">Bytes that a receive gives at most.</param>
    /// <param name="address">Where each sees the other; somewhere in the Internet when left out.</param>
    public static (MemoryPeerStream Dialler, MemoryPeerStream Listener) Create(int readLimit = int.MaxValue, IPAddress? address = null)
    {
        MemoryPeerStream dialler = new(true, 6881, readLimit, address), listener = new(false, 50_000, readLimit, address);
        (dialler._other, listener._other) = (listener, dialler);
        return (dialler, listener);
    }

    /// <summary>Takes all that has arrived.</summary>
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
    /// <param name="fault">What the other end gets; that of a reset when left out.</param>
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

            await arrival.WaitAsync(cancellationToken); // in the context of the one who waits
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
