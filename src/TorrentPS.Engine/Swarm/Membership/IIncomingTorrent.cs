using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>A torrent that peers may connect to. Everything is called from any thread.</summary>
internal interface IIncomingTorrent
{
    /// <summary>What they ask for it with.</summary>
    WireHashes WireHashes { get; }

    /// <summary>Which connections it takes.</summary>
    EncryptionMode Encryption { get; }

    /// <summary>What they go over.</summary>
    PeerTransport Transport { get; }

    /// <summary>Whether it has everything that is wanted.</summary>
    bool IsSeeding { get; }

    /// <summary>Whether a handshake is its own.</summary>
    bool IsSelf(Handshake handshake);

    /// <summary>Takes one of the client's connections.</summary>
    /// <param name="isIncoming">Whether it is for a peer that has connected to us.</param>
    bool TryReserveConnection(bool isIncoming);

    /// <summary>Peers reach us by another port than before.</summary>
    void PublicPortChanged();

    /// <summary>Takes over a connection that a peer made, of which one place of the client's is reserved. Our handshake is still to be sent.</summary>
    void Accept(PeerStream stream, Handshake handshake);
}
