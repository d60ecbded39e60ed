using System.Net;

namespace TorrentPS.Engine.Net;

/// <summary>Receives one kind of the datagrams that arrive at a <see cref="UdpPort"/>.</summary>
internal interface IDatagramConsumer
{
    /// <summary>Receives a datagram, whose bytes are valid until the method returns. Called by one thread at a time; must not block or throw.</summary>
    void Receive(ReadOnlySpan<byte> datagram, IPEndPoint from);
}
