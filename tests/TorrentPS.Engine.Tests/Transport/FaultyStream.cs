using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Tests.Transport;

/// <summary>A connection that brings out a fault of this program: not one of the network, which every part expects.</summary>
/// <param name="inner">What it is otherwise.</param>
/// <param name="fault">What it throws.</param>
/// <param name="receives">Receives before that; none at all when left out.</param>
/// <param name="sends">Sends before that.</param>
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
