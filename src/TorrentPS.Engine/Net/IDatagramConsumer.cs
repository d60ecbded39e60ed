using System.Net;

namespace TorrentPS.Engine.Net;

/// <summary>What takes one kind of the datagrams that arrive at a <see cref="UdpPort"/>.</summary>
internal interface IDatagramConsumer
{
    /// <summary>Takes a datagram; its bytes are good until it returns. Called by one thread at a time; must not block or throw.</summary>
    void Receive(ReadOnlySpan<byte> datagram, IPEndPoint from);
}
