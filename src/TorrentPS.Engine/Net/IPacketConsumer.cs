using System.Net;

namespace TorrentPS.Engine.Net;

/// <summary>What takes the many datagrams of a <see cref="UdpPort"/> that are not single messages: they come without an object for each.</summary>
internal interface IPacketConsumer
{
    /// <summary>Takes a datagram; its bytes and the address are good until it returns. Called by one thread at a time; must not block or throw.</summary>
    void Receive(ReadOnlySpan<byte> datagram, SocketAddress from);

    /// <summary>No more datagrams are there for now: the moment to answer those that were.</summary>
    void Drained();
}
