namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>Why an MSE handshake did not succeed.</summary>
internal enum MseFailure
{
    /// <summary>The peer closed the connection, or it broke.</summary>
    Closed,

    /// <summary>The peer answered with an unencrypted BitTorrent handshake.</summary>
    Unencrypted,

    /// <summary>The peer's public key is 0, 1, p-1 or not below p, which would make the secret known to all.</summary>
    BadPublicKey,

    /// <summary>The mark that ends the padding did not come within the bytes that the padding may have.</summary>
    NotSynchronized,

    /// <summary>The peer asked for a torrent that is not here.</summary>
    UnknownTorrent,

    /// <summary>The verification constant is not zero: the peer derived other keys.</summary>
    BadVerification,

    /// <summary>A padding is longer than 512 bytes.</summary>
    BadPadding,

    /// <summary>The two sides have no crypto method in common, or the peer selected one that it was not offered.</summary>
    NoCommonMethod,
}
