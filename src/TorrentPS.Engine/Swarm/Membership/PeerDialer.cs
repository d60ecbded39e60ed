using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Encryption;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// Makes a connection as far as a checked handshake. Where both kinds are allowed it begins plain, which nearly every peer takes at once; a
/// peer that closes such a connection without a word may want encryption, and is tried again with it.
/// </summary>
internal static class PeerDialer
{
    /// <summary>Connects and exchanges handshakes. Never throws for what the peer or the network does.</summary>
    /// <param name="connect">Makes a TCP connection to the peer.</param>
    /// <param name="infoHash">The torrent's 20 bytes.</param>
    /// <param name="peerId">Our peer id.</param>
    /// <param name="mode">Which kinds are allowed.</param>
    /// <param name="usesDht">Whether to say that we have a node of the DHT (BEP 5).</param>
    /// <param name="cancellationToken">Ends it with <see cref="PeerHandshakeStatus.TimedOut"/>.</param>
    /// <param name="wantsEncryption">Whether the peer is said to prefer encrypted connections.</param>
    /// <param name="v2Hash">The 20 bytes of the torrent's v2 hash, which may be the answer to those of v1; empty where it has none.</param>
    public static async Task<HandshakeOutcome> DialAsync(Func<CancellationToken, Task<PeerStream>> connect, ReadOnlyMemory<byte> infoHash, ReadOnlyMemory<byte> peerId, EncryptionMode mode, bool usesDht, CancellationToken cancellationToken, bool wantsEncryption = false, ReadOnlyMemory<byte> v2Hash = default)
    {
        wantsEncryption &= mode == EncryptionMode.Prefer;
        CryptoMethods first = mode == EncryptionMode.Require ? CryptoMethods.Rc4 : wantsEncryption ? CryptoMethods.Rc4 | CryptoMethods.Plain : CryptoMethods.None;
        HandshakeOutcome outcome = await DialOnceAsync(connect, infoHash, peerId, first, usesDht, v2Hash, cancellationToken).ConfigureAwait(false);
        if (mode == EncryptionMode.Off || outcome.Status != PeerHandshakeStatus.Closed)
            return outcome;
        // Encryption is worth a second try even where the first was encrypted: some peers fail on one shared secret in 256.
        CryptoMethods second = wantsEncryption ? CryptoMethods.None : mode == EncryptionMode.Require ? CryptoMethods.Rc4 : CryptoMethods.Rc4 | CryptoMethods.Plain;
        HandshakeOutcome other = await DialOnceAsync(connect, infoHash, peerId, second, usesDht, v2Hash, cancellationToken).ConfigureAwait(false);
        return other.Status == PeerHandshakeStatus.Succeeded ? other : outcome;
    }

    private static async Task<HandshakeOutcome> DialOnceAsync(Func<CancellationToken, Task<PeerStream>> connect, ReadOnlyMemory<byte> infoHash, ReadOnlyMemory<byte> peerId, CryptoMethods encryption, bool usesDht, ReadOnlyMemory<byte> v2Hash, CancellationToken cancellationToken)
    {
        try
        {
            PeerStream stream = await connect(cancellationToken).ConfigureAwait(false);
            return await HandshakeExchange.InitiateAsync(stream, infoHash, peerId, encryption, usesDht, cancellationToken, v2Hash).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return new HandshakeOutcome(PeerHandshakeStatus.TimedOut, Error: "No answer came in time.");
        }
        catch (SocketException e)
        {
            return new HandshakeOutcome(StatusOf(e.SocketErrorCode), Error: e.Message);
        }
    }

    private static PeerHandshakeStatus StatusOf(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => PeerHandshakeStatus.Refused,
        SocketError.TimedOut => PeerHandshakeStatus.TimedOut,
        SocketError.ConnectionReset or SocketError.ConnectionAborted => PeerHandshakeStatus.Closed,
        _ => PeerHandshakeStatus.Unreachable,
    };
}
