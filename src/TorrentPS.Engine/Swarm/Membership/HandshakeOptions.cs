using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>The options of a handshake test.</summary>
public sealed record HandshakeOptions
{
    /// <summary>The time limit from the start of connecting to the reply.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the connection is encrypted.</summary>
    public EncryptionMode Encryption { get; init; } = EncryptionMode.Prefer;

    /// <summary>The transport. <see cref="PeerTransport.Any"/> takes longer for unreachable peers, because both are tried.</summary>
    public PeerTransport Transport { get; init; } = PeerTransport.Tcp;
}
