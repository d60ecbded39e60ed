using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>A torrent that accepts connections. All members are called from any thread.</summary>
internal interface IIncomingTorrent
{
    /// <summary>The info hashes for which it accepts connections.</summary>
    WireHashes WireHashes { get; }

    /// <summary>The accepted kinds of connections.</summary>
    EncryptionMode Encryption { get; }

    /// <summary>The accepted transports.</summary>
    PeerTransport Transport { get; }

    /// <summary>Whether all wanted data is complete.</summary>
    bool IsSeeding { get; }

    /// <summary>Whether a handshake is our own.</summary>
    bool IsSelf(Handshake handshake);

    /// <summary>Reserves one of the client's connections.</summary>
    /// <param name="isIncoming">Whether it is for an incoming connection.</param>
    bool TryReserveConnection(bool isIncoming);

    /// <summary>The external port has changed.</summary>
    void PublicPortChanged();

    /// <summary>Takes over an incoming connection, for which one of the client's connections is reserved. Our handshake has not been sent yet.</summary>
    void Accept(PeerStream stream, Handshake handshake);
}
