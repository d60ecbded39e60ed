using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Encryption;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>The handshakes at the start of a connection: MSE if encryption is wanted, then BitTorrent's with all checks of BEP 3.</summary>
internal static class HandshakeExchange
{
    /// <summary>Starts an outgoing connection: sends our handshake and checks the answer.</summary>
    /// <param name="stream">The connection; disposed unless the handshake succeeds.</param>
    /// <param name="infoHash">The 20 bytes of the info hash.</param>
    /// <param name="peerId">Our peer id.</param>
    /// <param name="encryption">The methods to offer; none for an unencrypted connection.</param>
    /// <param name="usesDht">Whether to declare a DHT node (BEP 5).</param>
    /// <param name="cancellationToken">Cancels with an <see cref="OperationCanceledException"/>.</param>
    /// <param name="v2Hash">The 20 bytes of the torrent's v2 hash, with which the peer may answer; empty if there is none.</param>
    public static async Task<HandshakeOutcome> InitiateAsync(PeerStream stream, ReadOnlyMemory<byte> infoHash, ReadOnlyMemory<byte> peerId, CryptoMethods encryption, bool usesDht, CancellationToken cancellationToken, ReadOnlyMemory<byte> v2Hash = default)
    {
        bool keep = false;
        try
        {
            byte[] own = new byte[Handshake.Length];
            Handshake.Write(own, infoHash.Span, peerId.Span, usesDht, supportsV2: !v2Hash.IsEmpty);
            if (encryption == CryptoMethods.None)
            {
                await stream.SendAsync(own, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                MseResult encrypted = await MseHandshake.InitiateAsync(new PeerStreamAdapter(stream), infoHash, encryption, own, cancellationToken).ConfigureAwait(false);
                stream = new EncryptedPeerStream(stream, encrypted);
            }

            HandshakeOutcome outcome = await ReadAsync(stream, peerId, bytes => bytes.SequenceEqual(infoHash.Span) || (!v2Hash.IsEmpty && bytes.SequenceEqual(v2Hash.Span)), cancellationToken).ConfigureAwait(false);
            keep = outcome.Stream is not null;
            return outcome;
        }
        catch (IOException e)
        {
            return new HandshakeOutcome(PeerHandshakeStatus.Closed, Error: $"The peer closed the connection: {e.Message}");
        }
        catch (MseException e)
        {
            return new HandshakeOutcome(e.Failure == MseFailure.Closed ? PeerHandshakeStatus.Closed : PeerHandshakeStatus.NotBitTorrent, Error: e.Message);
        }
        finally
        {
            if (!keep)
                stream.Dispose();
        }
    }

    /// <summary>Starts an incoming connection, encrypted or not, up to the peer's handshake. The torrent sends the answer.</summary>
    /// <param name="stream">The connection; disposed unless the handshake succeeds.</param>
    /// <param name="torrents">The available torrents.</param>
    /// <param name="mode">The accepted kinds of connections.</param>
    /// <param name="cancellationToken">Cancels with an <see cref="OperationCanceledException"/>.</param>
    public static async Task<HandshakeOutcome> AcceptAsync(PeerStream stream, MseTorrents torrents, EncryptionMode mode, CancellationToken cancellationToken)
    {
        bool keep = false;
        try
        {
            byte[] prefix = new byte[MseHandshake.PlainPrefixLength];
            if (!await ReadExactlyAsync(stream, prefix, cancellationToken).ConfigureAwait(false))
                return new HandshakeOutcome(PeerHandshakeStatus.Closed);
            bool isPlain = MseHandshake.LooksLikeBitTorrent(prefix);
            if (mode == (isPlain ? EncryptionMode.Require : EncryptionMode.Off))
                return new HandshakeOutcome(PeerHandshakeStatus.NotBitTorrent);
            Predicate<ReadOnlySpan<byte>> isKnown = torrents.Contains;
            if (isPlain)
            {
                stream = new EncryptedPeerStream(stream, prefix);
            }
            else
            {
                CryptoMethods allowed = mode == EncryptionMode.Require ? CryptoMethods.Rc4 : CryptoMethods.Rc4 | CryptoMethods.Plain;
                MseResult encrypted = await MseHandshake.AcceptAsync(new PeerStreamAdapter(stream), prefix, torrents, allowed, CryptoMethods.Rc4, cancellationToken).ConfigureAwait(false);
                stream = new EncryptedPeerStream(stream, encrypted);
                isKnown = bytes => bytes.SequenceEqual(encrypted.InfoHash.Span);
            }

            HandshakeOutcome outcome = await ReadAsync(stream, default, isKnown, cancellationToken).ConfigureAwait(false);
            keep = outcome.Stream is not null;
            return outcome;
        }
        catch (Exception e) when (e is IOException or MseException)
        {
            return new HandshakeOutcome(PeerHandshakeStatus.Closed, Error: e.Message);
        }
        finally
        {
            if (!keep)
                stream.Dispose();
        }
    }

    /// <summary>Reads a handshake; ends at the first byte that cannot belong to one, without waiting for 68 bytes.</summary>
    private static async Task<HandshakeOutcome> ReadAsync(PeerStream stream, ReadOnlyMemory<byte> ownPeerId, Predicate<ReadOnlySpan<byte>> isKnown, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[Handshake.Length];
        int count = 0;
        while (count < bytes.Length)
        {
            int received = await stream.ReceiveAsync(bytes.AsMemory(count), cancellationToken).ConfigureAwait(false);
            count += received;
            if (!Handshake.IsPrefix(bytes.AsSpan(0, count)))
                return new HandshakeOutcome(PeerHandshakeStatus.NotBitTorrent, Error: "What answered does not speak BitTorrent.");
            if (count >= Handshake.PeerIdOffset && !isKnown(bytes.AsSpan(Handshake.InfoHashOffset, Metainfo.InfoHash.V1Length)))
                return new HandshakeOutcome(PeerHandshakeStatus.WrongInfoHash, Error: "The peer answered for another torrent.");
            if (received == 0)
                return new HandshakeOutcome(PeerHandshakeStatus.Closed, Error: count == 0 ? "The peer closed the connection; it may not have the torrent." : $"The peer closed the connection after {count} bytes of its handshake.");
        }

        Handshake handshake = Handshake.Read(bytes)!;
        if (handshake.PeerId.SequenceEqual(ownPeerId.Span))
            return new HandshakeOutcome(PeerHandshakeStatus.SelfConnection, Handshake: handshake, Error: "The address is this client's own.");
        return new HandshakeOutcome(PeerHandshakeStatus.Succeeded, stream, handshake);
    }

    private static async Task<bool> ReadExactlyAsync(PeerStream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            int received = await stream.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (received == 0)
                return false;
            buffer = buffer[received..];
        }

        return true;
    }
}
