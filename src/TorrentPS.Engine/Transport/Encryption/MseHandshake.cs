using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>
/// Message Stream Encryption, also called Protocol Encryption: the handshake before the BitTorrent handshake that negotiates the protection of the stream. Five steps, A
/// being the side that connects:
/// <code>
/// 1  A→B  Ya, PadA
/// 2  B→A  Yb, PadB
/// 3  A→B  HASH('req1', S), HASH('req2', SKEY) xor HASH('req3', S), ENCRYPT(VC, crypto_provide, len(PadC), PadC, len(IA)), ENCRYPT(IA)
/// 4  B→A  ENCRYPT(VC, crypto_select, len(PadD), PadD), ENCRYPT2(payload)
/// 5  A→B  ENCRYPT2(payload)
/// </code>
/// S is the secret of the key exchange, SKEY the info hash, VC eight zeros, IA the first bytes of the payload. ENCRYPT is RC4, ENCRYPT2 the method of crypto_select. The
/// initiator should retry once if the peer closes: one secret in 256 begins with a zero, and libtorrent 2.0 then does not find the torrent; the acceptor avoids such
/// secrets. Neither side closes the stream or limits the time: that is up to the caller and its token.
/// </summary>
internal static class MseHandshake
{
    /// <summary>The number of bytes that <see cref="LooksLikeBitTorrent"/> needs.</summary>
    public const int PlainPrefixLength = 20;

    /// <summary>The maximum length of the initial payload in bytes.</summary>
    public const int MaxInitialPayload = ushort.MaxValue;

    private const int VerificationLength = 8;
    private const CryptoMethods AllMethods = CryptoMethods.Plain | CryptoMethods.Rc4;

    /// <summary>Whether a connection begins with an unencrypted BitTorrent handshake (BEP 3, "peer protocol"), rather than with MSE.</summary>
    /// <param name="prefix">The first bytes: <see cref="PlainPrefixLength"/> or more.</param>
    public static bool LooksLikeBitTorrent(ReadOnlySpan<byte> prefix) => prefix.StartsWith(Wire.Handshake.Prefix);

    /// <summary>Performs the handshake on an outgoing connection.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="infoHash">The 20 bytes of the info hash, as in the BitTorrent handshake.</param>
    /// <param name="provide">The methods to offer: <see cref="CryptoMethods.Rc4"/> alone if everything must be encrypted.</param>
    /// <param name="initialPayload">The BitTorrent handshake, sent along to save a round trip, and always encrypted. At most <see cref="MaxInitialPayload"/>
    /// bytes.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="padding">The lengths of the paddings; null for random ones.</param>
    /// <returns>The selected method, and the ciphers; the initial payload has been sent.</returns>
    /// <exception cref="MseException">The peer closed the connection or violated the protocol.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<MseResult> InitiateAsync(
        Stream stream,
        ReadOnlyMemory<byte> infoHash,
        CryptoMethods provide,
        ReadOnlyMemory<byte> initialPayload,
        CancellationToken cancellationToken,
        MsePadding? padding = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(infoHash.Length, MseKeys.HashLength, nameof(infoHash));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(initialPayload.Length, MaxInitialPayload, nameof(initialPayload));
        ThrowIfNotMethods(provide, nameof(provide));

        MsePadding pads = padding ?? MsePadding.Draw();
        var peer = new MseStream(stream, default, cancellationToken);
        var exchange = new KeyExchange();
        await peer.SendAsync(WriteKey(exchange, pads)).ConfigureAwait(false);

        await FillKeyAsync(peer).ConfigureAwait(false);
        byte[] secret = exchange.DeriveSecret(peer.Take(KeyExchange.Length));
        Rc4 outgoing = MseKeys.CreateInitiatorCipher(secret, infoHash.Span);
        Rc4 incoming = MseKeys.CreateAcceptorCipher(secret, infoHash.Span);
        byte[] request = WriteRequest(secret, infoHash.Span, provide, pads, initialPayload.Span, outgoing);
        await peer.SendAsync(request).ConfigureAwait(false);

        // The encrypted VC is the marker that ends PadB.
        byte[] mark = new byte[VerificationLength];
        incoming.Process(mark);
        await peer.SkipPastAsync(mark).ConfigureAwait(false);

        await peer.FillAsync(sizeof(uint) + sizeof(ushort)).ConfigureAwait(false);
        CryptoMethods selected = ReadSelected(peer, incoming, provide, out int padLength);
        await peer.FillAsync(padLength).ConfigureAwait(false);
        incoming.Process(peer.Take(padLength));

        return CreateResult(selected, infoHash, peer.Unread.ToArray(), 0, incoming, outgoing);
    }

    /// <summary>Performs the handshake on an incoming connection that does not look like BitTorrent.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="alreadyRead">The bytes that were read to recognize the protocol.</param>
    /// <param name="torrents">The torrents that the peer may request.</param>
    /// <param name="allowed">The methods that may be selected.</param>
    /// <param name="preferred">The method to select if the peer offers more than one.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="padding">The lengths of the paddings; null for random ones.</param>
    /// <returns>The torrent, the selected method, and the ciphers; <see cref="MseResult.Received"/> begins with the peer's initial payload.</returns>
    /// <exception cref="MseException">The peer closed the connection, violated the protocol or requested an unknown torrent.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<MseResult> AcceptAsync(
        Stream stream,
        ReadOnlyMemory<byte> alreadyRead,
        MseTorrents torrents,
        CryptoMethods allowed,
        CryptoMethods preferred,
        CancellationToken cancellationToken,
        MsePadding? padding = null)
    {
        ThrowIfNotMethods(allowed, nameof(allowed));

        MsePadding pads = padding ?? MsePadding.Draw();
        var peer = new MseStream(stream, alreadyRead.Span, cancellationToken);
        await FillKeyAsync(peer).ConfigureAwait(false);
        KeyExchange exchange = KeyExchange.Answer(peer.Take(KeyExchange.Length), out byte[] secret);
        await peer.SendAsync(WriteKey(exchange, pads)).ConfigureAwait(false);

        byte[] mark = new byte[MseKeys.HashLength];
        MseKeys.HashMark(secret, mark);
        await peer.SkipPastAsync(mark).ConfigureAwait(false);

        await peer.FillAsync(MseKeys.HashLength).ConfigureAwait(false);
        byte[] infoHash = ReadTorrent(peer, secret, torrents);
        Rc4 incoming = MseKeys.CreateInitiatorCipher(secret, infoHash);
        Rc4 outgoing = MseKeys.CreateAcceptorCipher(secret, infoHash);

        await peer.FillAsync(VerificationLength + sizeof(uint) + sizeof(ushort)).ConfigureAwait(false);
        CryptoMethods selected = ReadProvided(peer, incoming, allowed, preferred, out int padLength);
        await peer.FillAsync(padLength + sizeof(ushort)).ConfigureAwait(false);
        incoming.Process(peer.Take(padLength));
        int payloadLength = ReadLength(peer, incoming);
        await peer.FillAsync(payloadLength).ConfigureAwait(false);
        await peer.SendAsync(WriteResponse(selected, pads, outgoing)).ConfigureAwait(false);

        // The initial payload is always encrypted; the bytes after it only if RC4 is selected.
        Memory<byte> received = peer.Unread.ToArray();
        incoming.Process(received.Span[..payloadLength]);
        return CreateResult(selected, infoHash, received, payloadLength, incoming, outgoing);
    }

    private static async ValueTask FillKeyAsync(MseStream peer)
    {
        // A peer without MSE sends less than a public key and waits: detect that first.
        await peer.FillAsync(PlainPrefixLength).ConfigureAwait(false);
        if (LooksLikeBitTorrent(peer.Unread))
            throw new MseException(MseFailure.Unencrypted, "the peer sent an unencrypted BitTorrent handshake.");
        await peer.FillAsync(KeyExchange.Length).ConfigureAwait(false);
    }

    private static byte[] ReadTorrent(MseStream peer, byte[] secret, MseTorrents torrents)
    {
        Span<byte> name = peer.Take(MseKeys.HashLength);
        MseKeys.MaskTorrent(secret, name);
        return torrents.TryFind(name, out byte[]? infoHash)
            ? infoHash
            : throw new MseException(MseFailure.UnknownTorrent, "the peer asked for a torrent that is not here.");
    }

    private static CryptoMethods ReadProvided(MseStream peer, Rc4 incoming, CryptoMethods allowed, CryptoMethods preferred, out int padLength)
    {
        Span<byte> verification = peer.Take(VerificationLength);
        incoming.Process(verification);
        if (verification.ContainsAnyExcept((byte)0))
            throw new MseException(MseFailure.BadVerification, "the verification constant is not zero.");

        CryptoMethods provided = ReadMethods(peer, incoming);
        padLength = ReadPadLength(peer, incoming);
        CryptoMethods common = provided & allowed;
        if (common == CryptoMethods.None)
            throw new MseException(MseFailure.NoCommonMethod, $"the peer offers the methods 0x{(uint)provided:x}, and 0x{(uint)allowed:x} are allowed here.");
        if ((common & preferred) != CryptoMethods.None)
            common &= preferred;
        return (common & CryptoMethods.Rc4) != CryptoMethods.None ? CryptoMethods.Rc4 : CryptoMethods.Plain;
    }

    private static CryptoMethods ReadSelected(MseStream peer, Rc4 incoming, CryptoMethods provided, out int padLength)
    {
        CryptoMethods selected = ReadMethods(peer, incoming);
        padLength = ReadPadLength(peer, incoming);
        if (selected is not (CryptoMethods.Plain or CryptoMethods.Rc4) || (selected & provided) == CryptoMethods.None)
            throw new MseException(MseFailure.NoCommonMethod, $"the peer selected the method 0x{(uint)selected:x}, and was offered 0x{(uint)provided:x}.");
        return selected;
    }

    private static CryptoMethods ReadMethods(MseStream peer, Rc4 incoming)
    {
        Span<byte> bytes = peer.Take(sizeof(uint));
        incoming.Process(bytes);
        return (CryptoMethods)BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    private static int ReadLength(MseStream peer, Rc4 incoming)
    {
        Span<byte> bytes = peer.Take(sizeof(ushort));
        incoming.Process(bytes);
        return BinaryPrimitives.ReadUInt16BigEndian(bytes);
    }

    private static int ReadPadLength(MseStream peer, Rc4 incoming)
    {
        int length = ReadLength(peer, incoming);
        return length <= MsePadding.MaxLength
            ? length
            : throw new MseException(MseFailure.BadPadding, $"a padding of {length} bytes is longer than {MsePadding.MaxLength}.");
    }

    private static byte[] WriteKey(KeyExchange exchange, MsePadding pads)
    {
        byte[] bytes = new byte[KeyExchange.Length + pads.Key];
        exchange.PublicKey.CopyTo(bytes);
        RandomNumberGenerator.Fill(bytes.AsSpan(KeyExchange.Length));
        return bytes;
    }

    private static byte[] WriteRequest(
        ReadOnlySpan<byte> secret,
        ReadOnlySpan<byte> infoHash,
        CryptoMethods provide,
        MsePadding pads,
        ReadOnlySpan<byte> initialPayload,
        Rc4 outgoing)
    {
        const int Clear = 2 * MseKeys.HashLength;
        int lengthAt = Clear + VerificationLength + sizeof(uint) + sizeof(ushort) + pads.Crypto;
        byte[] bytes = new byte[lengthAt + sizeof(ushort) + initialPayload.Length];
        MseKeys.HashMark(secret, bytes);
        Span<byte> name = bytes.AsSpan(MseKeys.HashLength, MseKeys.HashLength);
        MseKeys.HashTorrent(infoHash, name);
        MseKeys.MaskTorrent(secret, name);

        WriteMethod(bytes.AsSpan(Clear + VerificationLength), provide, pads);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(lengthAt), (ushort)initialPayload.Length);
        initialPayload.CopyTo(bytes.AsSpan(lengthAt + sizeof(ushort)));
        outgoing.Process(bytes.AsSpan(Clear));
        return bytes;
    }

    private static byte[] WriteResponse(CryptoMethods selected, MsePadding pads, Rc4 outgoing)
    {
        byte[] bytes = new byte[VerificationLength + sizeof(uint) + sizeof(ushort) + pads.Crypto];
        WriteMethod(bytes.AsSpan(VerificationLength), selected, pads);
        outgoing.Process(bytes);
        return bytes;
    }

    private static void WriteMethod(Span<byte> bytes, CryptoMethods methods, MsePadding pads)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)methods);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[sizeof(uint)..], (ushort)pads.Crypto);
    }

    /// <summary>Creates the result; the first bytes received with the handshake may already be decrypted.</summary>
    private static MseResult CreateResult(
        CryptoMethods selected, ReadOnlyMemory<byte> infoHash, Memory<byte> received, int decrypted, Rc4 incoming, Rc4 outgoing)
    {
        bool encrypted = selected == CryptoMethods.Rc4;
        if (encrypted)
            incoming.Process(received.Span[decrypted..]);
        return new MseResult
        {
            Method = selected,
            InfoHash = infoHash,
            Received = received,
            Incoming = encrypted ? incoming : null,
            Outgoing = encrypted ? outgoing : null,
        };
    }

    private static void ThrowIfNotMethods(CryptoMethods methods, string name)
    {
        if (methods == CryptoMethods.None || (methods & ~AllMethods) != CryptoMethods.None)
            throw new ArgumentOutOfRangeException(name, methods, "At least one of Plain and Rc4 is needed, and no other.");
    }
}
