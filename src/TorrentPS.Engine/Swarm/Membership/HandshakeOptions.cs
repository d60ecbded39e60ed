using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>How a handshake with a peer is tried.</summary>
public sealed record HandshakeOptions
{
    /// <summary>From the start of connecting to the reply, at most.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the connection is encrypted.</summary>
    public EncryptionMode Encryption { get; init; } = EncryptionMode.Prefer;

    /// <summary>What the connection goes over. <see cref="PeerTransport.Any"/> takes longer for who cannot be reached, since both are tried.</summary>
    public PeerTransport Transport { get; init; } = PeerTransport.Tcp;
}
