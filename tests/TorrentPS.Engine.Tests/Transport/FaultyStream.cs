using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Tests.Transport;

/// <summary>A connection that triggers a fault of this program, unlike network errors, which all code expects.</summary>
/// <param name="inner">The underlying connection.</param>
/// <param name="fault">The exception to throw.</param>
/// <param name="receives">The number of receives before it; by default, receives never throw.</param>
/// <param name="sends">The number of sends before it.</param>
internal sealed class FaultyStream(PeerStream inner, Exception fault, int receives = int.MaxValue, int sends = int.MaxValue) : PeerStream
{
    private int _receives;
    private int _sends;

    public override IPEndPoint RemoteEndPoint => inner.RemoteEndPoint;

    public override bool IsOutgoing => inner.IsOutgoing;

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Interlocked.Increment(ref _receives) > receives ? throw fault : inner.ReceiveAsync(buffer, cancellationToken);

    public override ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Interlocked.Increment(ref _sends) > sends ? throw fault : inner.SendAsync(buffer, cancellationToken);

    protected override void Dispose(bool disposing) => inner.Dispose();
}
