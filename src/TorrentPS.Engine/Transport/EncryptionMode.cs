namespace TorrentPS.Engine.Transport;

/// <summary>Whether connections to peers are encrypted (MSE/PE).</summary>
public enum EncryptionMode
{
    /// <summary>Both kinds are accepted, and both are tried.</summary>
    Prefer,

    /// <summary>Only encrypted connections are made and accepted.</summary>
    Require,

    /// <summary>Only plain connections are made and accepted.</summary>
    Off,
}
