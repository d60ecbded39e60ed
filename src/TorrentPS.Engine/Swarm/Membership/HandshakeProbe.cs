using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Connecting;
using TorrentPS.Engine.Transport.Utp;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>Tests a handshake with one peer, and gets the client's name from its extension handshake if it arrives soon.</summary>
internal sealed class HandshakeProbe(IPEndPoint endPoint, InfoHash infoHash, HandshakeOptions options, TimeProvider time, NetworkRoute? route = null, UtpHost? utp = null)
{
    /// <summary>How long to wait for the extension handshake: it is usually in the same packet, and nothing depends on it.</summary>
    private static readonly TimeSpan s_extensionLimit = TimeSpan.FromMilliseconds(500);

    public async Task<PeerHandshake> RunAsync(CancellationToken cancellationToken)
    {
        byte[] peerId = PeerId.Create();
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        long started = time.GetTimestamp();
        PeerTransport first = utp is null && options.Transport == PeerTransport.Any ? PeerTransport.Tcp : options.Transport;
        HandshakeOutcome outcome = await DialAsync(first, peerId, either.Token).ConfigureAwait(false);
        // Some peers that use only uTP accept TCP connections, too, and close them.
        if (first == PeerTransport.Any && outcome.Status == PeerHandshakeStatus.Closed && await DialAsync(PeerTransport.Utp, peerId, either.Token).ConfigureAwait(false) is { Status: PeerHandshakeStatus.Succeeded } other)
            outcome = other;
        TimeSpan latency = time.GetElapsedTime(started);
        cancellationToken.ThrowIfCancellationRequested();
        using PeerStream? stream = outcome.Stream;
        string? client = stream is null || !outcome.Handshake!.SupportsExtensions ? null : await ReadClientAsync(stream, either.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return Result(outcome, latency, client);
    }

    /// <summary>Without the client's limits on half-open connections, because the caller has its own.</summary>
    private Task<HandshakeOutcome> DialAsync(PeerTransport transport, byte[] peerId, CancellationToken cancellationToken) =>
        PeerDialer.DialAsync(token => TransportRace.ConnectAsync(endPoint, transport, utp, route ?? NetworkRoute.Direct, time, token), infoHash.Wire.ToArray(), peerId, options.Encryption, usesDht: false, cancellationToken);

    private PeerHandshake Result(HandshakeOutcome outcome, TimeSpan latency, string? client)
    {
        Handshake? handshake = outcome.Handshake;
        return new PeerHandshake
        {
            Address = endPoint.Address.ToString(),
            Port = endPoint.Port,
            InfoHash = infoHash.ToString(),
            Status = outcome.Status,
            Error = outcome.Status == PeerHandshakeStatus.TimedOut
                ? string.Create(CultureInfo.InvariantCulture, $"No answer came within {options.Timeout.TotalSeconds:0.#} s.")
                : outcome.Error,
            PeerId = handshake is null ? null : PeerId.ToText(handshake.PeerId),
            Client = client ?? (handshake is null ? null : PeerId.ClientName(handshake.PeerId)),
            Reserved = handshake?.Reserved.ToString("x16", CultureInfo.InvariantCulture),
            SupportsExtensions = handshake is { SupportsExtensions: true },
            SupportsDht = handshake is { SupportsDht: true },
            SupportsFast = handshake is { SupportsFast: true },
            SupportsV2 = handshake is { SupportsV2: true },
            Encrypted = outcome.Stream is { IsEncrypted: true },
            Transport = outcome.Stream is { } connection ? connection.IsUtp ? PeerTransport.Utp : PeerTransport.Tcp : null,
            Latency = handshake is null ? null : latency,
        };
    }

    /// <summary>Sends our extension handshake and reads messages until the peer's arrives.</summary>
    private async Task<string?> ReadClientAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_extensionLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            byte[] payload = new ExtensionHandshake { Client = ProgramName.Client, YourIP = endPoint.Address }.ToBytes();
            byte[] message = new byte[6 + payload.Length];
            PeerMessage.WriteExtendedHeader(message, ExtensionHandshake.ExtendedId, payload.Length);
            payload.CopyTo(message, 6);
            await stream.SendAsync(message, either.Token).ConfigureAwait(false);
            byte[] buffer = new byte[ExtensionHandshake.MaxLength];
            int used = 0, received;
            while (used < buffer.Length && (received = await stream.ReceiveAsync(buffer.AsMemory(used), either.Token).ConfigureAwait(false)) > 0)
            {
                used += received;
                if (FindClient(buffer.AsSpan(0, used), out string? client))
                    return client;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or BencodeException)
        {
            // The handshake itself has succeeded; the name is optional.
        }

        return null;
    }

    private static bool FindClient(ReadOnlySpan<byte> bytes, out string? client)
    {
        client = null;
        while (bytes.Length >= PeerMessage.PrefixLength)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes);
            if (length > bytes.Length - PeerMessage.PrefixLength)
                return false;
            ReadOnlySpan<byte> message = bytes.Slice(PeerMessage.PrefixLength, (int)length);
            if (message.Length >= 2 && message[0] == (byte)MessageId.Extended && message[1] == ExtensionHandshake.ExtendedId)
            {
                client = ExtensionHandshake.Read(message[2..]).Client;
                return true;
            }

            bytes = bytes[(PeerMessage.PrefixLength + (int)length)..];
        }

        return false;
    }
}
