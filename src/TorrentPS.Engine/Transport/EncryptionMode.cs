namespace TorrentPS.Engine.Transport;

/// <summary>Whether connections to peers are encrypted (MSE/PE).</summary>
public enum EncryptionMode
{
    /// <summary>Both kinds are tried and accepted.</summary>
    Prefer,

    /// <summary>Only encrypted connections are made and accepted.</summary>
    Require,

    /// <summary>Only unencrypted connections are made and accepted.</summary>
    Off,
}
