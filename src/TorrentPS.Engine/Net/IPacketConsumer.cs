using System.Net;

namespace TorrentPS.Engine.Net;

/// <summary>Receives the packets of a stream protocol that arrive at a <see cref="UdpPort"/>, without an object for each.</summary>
internal interface IPacketConsumer
{
    /// <summary>Receives a datagram; its bytes and the address are valid until the method returns. Called by one thread at a time; must not block or throw.</summary>
    void Receive(ReadOnlySpan<byte> datagram, SocketAddress from);

    /// <summary>No more datagrams are waiting: the moment to acknowledge those received.</summary>
    void Drained();
}
