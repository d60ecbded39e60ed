using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Swarm;

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

    /// <summary>What was queued before is on its way: sends the next message that waited for this, if there is one.</summary>
    /// <returns>Whether one was sent.</returns>
    bool SendNext() => false;
}
