namespace TorrentPS.Engine;

/// <summary>How a handshake with a peer is tried.</summary>
public sealed record HandshakeOptions
{
    /// <summary>From the start of connecting to the reply, at most.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the connection is encrypted.</summary>
    public EncryptionMode Encryption { get; init; } = EncryptionMode.Prefer;
}
