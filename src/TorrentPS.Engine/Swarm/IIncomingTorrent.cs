using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>A torrent that peers may connect to.</summary>
internal interface IIncomingTorrent
{
    /// <summary>The 20 bytes that they ask for it with.</summary>
    ReadOnlyMemory<byte> WireHash { get; }

    /// <summary>Takes over a connection that a peer made, of which one place of the client's is reserved. Our handshake is still to be sent. From any thread.</summary>
    void Accept(PeerStream stream, Handshake handshake);
}
