namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>The protection of the stream after the MSE handshake: the bits of crypto_provide and crypto_select.</summary>
[Flags]
internal enum CryptoMethods : uint
{
    /// <summary>None offered.</summary>
    None = 0,

    /// <summary>Only the handshake is encrypted.</summary>
    Plain = 1,

    /// <summary>All bytes are encrypted with RC4.</summary>
    Rc4 = 2,
}
