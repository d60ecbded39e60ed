using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>A kind of extension message on one connection (BEP 10). Everything is called on the torrent's loop.</summary>
internal interface IPeerExtension
{
    /// <summary>Its name in the handshake.</summary>
    string Name { get; }

    /// <summary>The id that the peer is to send it with to us.</summary>
    byte OwnId { get; }

    /// <summary>Takes a message from the peer.</summary>
    /// <param name="payload">What follows the extension id.</param>
    /// <exception cref="BencodeException">It cannot be read, which ends the connection.</exception>
    void Receive(ReadOnlySpan<byte> payload);

    /// <summary>Bytes of the next message that waits until what was queued before is on its way, about; 0 when none does.</summary>
    int NextLength => 0;

    /// <summary>Queues that message.</summary>
    void SendNext()
    {
    }
}
