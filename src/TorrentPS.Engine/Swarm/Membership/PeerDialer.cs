using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Encryption;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// Connects to a peer, up to a checked handshake. If both kinds are allowed, it begins unencrypted, which nearly every peer accepts; a peer that closes the connection
/// without sending anything is retried with encryption.
/// </summary>
internal static class PeerDialer
{
    /// <summary>Connects and exchanges handshakes. Never throws for errors of the peer or the network.</summary>
    /// <param name="connect">Connects to the peer.</param>
    /// <param name="infoHash">The 20 bytes of the info hash.</param>
    /// <param name="peerId">Our peer id.</param>
    /// <param name="mode">The allowed kinds of connections.</param>
    /// <param name="usesDht">Whether to declare a DHT node (BEP 5).</param>
    /// <param name="cancellationToken">Cancels with <see cref="PeerHandshakeStatus.TimedOut"/>.</param>
    /// <param name="wantsEncryption">Whether the peer is known to prefer encryption.</param>
    /// <param name="v2Hash">The 20 bytes of the torrent's v2 hash, with which the peer may answer; empty if there is none.</param>
    public static async Task<HandshakeOutcome> DialAsync(Func<CancellationToken, Task<PeerStream>> connect, ReadOnlyMemory<byte> infoHash, ReadOnlyMemory<byte> peerId, EncryptionMode mode, bool usesDht, CancellationToken cancellationToken, bool wantsEncryption = false, ReadOnlyMemory<byte> v2Hash = default)
    {
        wantsEncryption &= mode == EncryptionMode.Prefer;
        CryptoMethods first = mode == EncryptionMode.Require ? CryptoMethods.Rc4 : wantsEncryption ? CryptoMethods.Rc4 | CryptoMethods.Plain : CryptoMethods.None;
        HandshakeOutcome outcome = await DialOnceAsync(connect, infoHash, peerId, first, usesDht, v2Hash, cancellationToken).ConfigureAwait(false);
        if (mode == EncryptionMode.Off || outcome.Status != PeerHandshakeStatus.Closed)
            return outcome;
        // Encryption is worth a second attempt even if the first was encrypted: some peers fail with one shared secret in 256.
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
