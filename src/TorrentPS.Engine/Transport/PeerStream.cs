using System.Net;

namespace TorrentPS.Engine.Transport;

/// <summary>A connection to a peer as a stream of bytes: over TCP, encrypted or not, or in memory in tests.</summary>
internal abstract class PeerStream : IDisposable
{
    /// <summary>The other side's address.</summary>
    public abstract IPEndPoint RemoteEndPoint { get; }

    /// <summary>Whether we connected to the peer, rather than it to us.</summary>
    public abstract bool IsOutgoing { get; }

    /// <summary>Whether it goes over uTP (BEP 29), rather than TCP.</summary>
    public virtual bool IsUtp => false;

    /// <summary>Whether the bytes are encrypted (MSE/PE).</summary>
    public virtual bool IsEncrypted => false;

    /// <summary>Waits for bytes and reads as many as there are; 0 when the other side has ended. With an empty buffer it waits until there is something to read.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Sends all bytes. The buffer may be changed by it (encryption works in place).</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    public abstract ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Ends the connection; what waits on it ends with an <see cref="IOException"/>.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
