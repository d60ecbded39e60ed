namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>A stream after its MSE handshake.</summary>
internal sealed class MseResult
{
    /// <summary>The protection of the following bytes: exactly one method.</summary>
    public required CryptoMethods Method { get; init; }

    /// <summary>The info hash that both sides know, as given to <see cref="MseHandshake"/> or found in <see cref="MseTorrents"/>: 20 bytes.</summary>
    public required ReadOnlyMemory<byte> InfoHash { get; init; }

    /// <summary>
    /// The first bytes of the BitTorrent stream, decrypted, that were read together with the handshake. On the accepting side they begin with the initial payload. They
    /// precede everything that is still to be read from the stream.
    /// </summary>
    public required ReadOnlyMemory<byte> Received { get; init; }

    /// <summary>Decrypts incoming bytes from now on; null if the stream is not encrypted.</summary>
    public Rc4? Incoming { get; init; }

    /// <summary>Encrypts outgoing bytes from now on; null if the stream is not encrypted.</summary>
    public Rc4? Outgoing { get; init; }
}
