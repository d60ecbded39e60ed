using System.Net;

namespace TorrentPS.Engine.Transport;

/// <summary>A stream of bytes to and from a peer: over TCP or uTP, encrypted or not, or in memory in tests.</summary>
internal abstract class PeerStream : IDisposable
{
    /// <summary>The peer's address.</summary>
    public abstract IPEndPoint RemoteEndPoint { get; }

    /// <summary>Whether we connected to the peer, rather than the peer to us.</summary>
    public abstract bool IsOutgoing { get; }

    /// <summary>Whether the transport is uTP (BEP 29), rather than TCP.</summary>
    public virtual bool IsUtp => false;

    /// <summary>Whether the bytes are encrypted (MSE/PE).</summary>
    public virtual bool IsEncrypted => false;

    /// <summary>Waits for bytes and reads those available; 0 if the peer has closed its side. With an empty buffer it waits until bytes are available.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Sends all bytes. The buffer may be overwritten, because encryption works in place.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    public abstract ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>
    /// Limits what was sent and has not left this machine: a send then ends when no more than this is queued, so that what is sent next is decided late. Where the
    /// system has no such limit, nothing happens.
    /// </summary>
    /// <param name="bytes">Bytes, 1 or more; 0 for no limit.</param>
    public virtual void LimitUnsent(int bytes)
    {
    }

    /// <summary>Closes the connection; pending operations fail with an <see cref="IOException"/>.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
