namespace TorrentPS.Engine.Net;

/// <summary>Exchanges datagrams with one address only. Thread-safe for one sender and one receiver.</summary>
internal interface IDatagramSocket : IDisposable
{
    /// <summary>The source of the last datagram; null before the first, or if there can be only one.</summary>
    System.Net.IPAddress? From => null;

    /// <exception cref="System.Net.Sockets.SocketException">The datagram cannot be sent, or nothing listens there.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken);

    /// <summary>Receives a datagram and returns its length; a datagram longer than the buffer is truncated.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">Nothing listens there.</exception>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
