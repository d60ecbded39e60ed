using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Fuzz.Targets;

/// <summary>The connection of a peer that sends an input, some bytes at a time, and then nothing until the end; bytes sent to it are counted.</summary>
internal sealed class FuzzStream(ReadOnlyMemory<byte> input, int pace, Action received) : PeerStream
{
    private readonly TaskCompletionSource<int> _end = new();
    private ReadOnlyMemory<byte> _left = input;
    private bool _isDisposed;

    public override IPEndPoint RemoteEndPoint { get; } = new(new IPAddress([192, 0, 2, 1]), 6881);

    public override bool IsOutgoing => false;

    public long Sent { get; private set; }

    public void End() => _end.TrySetResult(0);

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isDisposed)
            throw new IOException("The connection was closed.");
        if (_left.IsEmpty)
            return new ValueTask<int>(_end.Task);
        int count = Math.Min(Math.Min(pace, _left.Length), buffer.Length);
        _left[..count].CopyTo(buffer);
        _left = _left[count..];
        received();
        return ValueTask.FromResult(count);
    }

    public override ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isDisposed)
            throw new IOException("The connection was closed.");
        Sent += buffer.Length;
        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        _end.TrySetException(new IOException("The connection was closed."));
        _ = _end.Task.Exception; // observed, since it may not be awaited
    }
}
