using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Transport;

/// <summary>A connection to a peer over TCP.</summary>
internal sealed class TcpPeerStream : PeerStream
{
    private const int IpprotoTcp = 6, TcpNotSentLowAt = 25;

    private readonly Socket _socket;
    private int _unsent;

    /// <param name="socket">The connection.</param>
    /// <param name="isOutgoing">Whether we made the connection.</param>
    /// <param name="remote">The peer's address, if the socket is connected to a proxy.</param>
    public TcpPeerStream(Socket socket, bool isOutgoing, IPEndPoint? remote = null)
    {
        _socket = socket;
        _socket.NoDelay = true; // messages are already batched; Nagle would only add delay
        IsOutgoing = isOutgoing;
        RemoteEndPoint = remote ?? ((IPEndPoint)socket.RemoteEndPoint!).Unmapped();
    }

    public override IPEndPoint RemoteEndPoint { get; }

    public override bool IsOutgoing { get; }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("The connection was closed.", e);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (!buffer.IsEmpty)
                buffer = buffer[await _socket.SendAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false)..];
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("The connection was closed.", e);
        }
    }

    public override void LimitUnsent(int bytes)
    {
        if (!OperatingSystem.IsLinux() || bytes == _unsent)
            return;
        _unsent = bytes;
        try
        {
            _socket.SetRawSocketOption(IpprotoTcp, TcpNotSentLowAt, BitConverter.GetBytes(bytes));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // A connection that has ended, or a system that does not know it.
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _socket.Dispose();
    }
}
