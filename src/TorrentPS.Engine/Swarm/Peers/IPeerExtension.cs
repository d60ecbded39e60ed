using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>An extension message of one connection (BEP 10). All members are called on the torrent's loop.</summary>
internal interface IPeerExtension
{
    /// <summary>The extension's name in the extension handshake.</summary>
    string Name { get; }

    /// <summary>The id with which the peer sends the message to us.</summary>
    byte OwnId { get; }

    /// <summary>Handles a message from the peer.</summary>
    /// <param name="payload">The bytes after the extension id.</param>
    /// <exception cref="BencodeException">The message is invalid, which ends the connection.</exception>
    void Receive(ReadOnlySpan<byte> payload);

    /// <summary>The approximate length of the next message, which waits until everything queued before it is sent; 0 if there is none.</summary>
    int NextLength => 0;

    /// <summary>Queues that message.</summary>
    void SendNext()
    {
    }
}
