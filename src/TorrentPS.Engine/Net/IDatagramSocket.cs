namespace TorrentPS.Engine.Net;

/// <summary>Exchanges datagrams with one address, and hears no other. Sending and receiving may happen at the same time.</summary>
internal interface IDatagramSocket : IDisposable
{
    /// <summary>The address that was heard last; null before, or where it is the only one that can be.</summary>
    System.Net.IPAddress? From => null;

    /// <exception cref="System.Net.Sockets.SocketException">It cannot be sent, or nothing listens there.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken);

    /// <summary>The length of the next datagram; what is longer than the buffer is cut.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">Nothing listens there.</exception>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
