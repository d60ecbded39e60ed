namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>Why an MSE handshake failed.</summary>
internal enum MseFailure
{
    /// <summary>The peer closed the connection, or it broke.</summary>
    Closed,

    /// <summary>The peer answered with an unencrypted BitTorrent handshake.</summary>
    Unencrypted,

    /// <summary>The peer's public key is 0, 1, p-1 or not below p, so that anyone would know the secret.</summary>
    BadPublicKey,

    /// <summary>The marker that ends the padding was not found within the maximum length of the padding.</summary>
    NotSynchronized,

    /// <summary>The peer requested an unknown torrent.</summary>
    UnknownTorrent,

    /// <summary>The verification constant is not zero: the peer derived other keys.</summary>
    BadVerification,

    /// <summary>A padding is longer than 512 bytes.</summary>
    BadPadding,

    /// <summary>The two sides have no crypto method in common, or the peer selected one that was not offered.</summary>
    NoCommonMethod,
}
