using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>
/// The UDP answers of a tracker (BEP 15, 41), without the socket. A client without a valid connection id gets no more bytes than it sent, so the tracker is useless for
/// amplifying an attack on a third party.
/// </summary>
internal sealed class TrackerUdpService(TrackerServerOptions options, TrackerSwarms swarms, TrackerCounters counters)
{
    /// <summary>The maximum length of a request in bytes; longer ones are truncated.</summary>
    public const int MaxRequestLength = 2048;

    /// <summary>The maximum length of an answer in bytes, so that none is fragmented.</summary>
    public const int MaxReplyLength = 1400;

    // The minimum MTU of IPv6 without the headers (RFC 8200, section 5).
    private const int MaxReplyLengthIPv6 = 1232;

    private readonly TrackerConnectionIds _connectionIds = new(options.TimeProvider);

    /// <summary>Writes the answer to a datagram; returns its length, 0 for none.</summary>
    /// <param name="datagram">The datagram.</param>
    /// <param name="from">Its source.</param>
    /// <param name="reply">A buffer of <see cref="MaxReplyLength"/> bytes.</param>
    public int Answer(ReadOnlySpan<byte> datagram, PeerKey from, Span<byte> reply)
    {
        if (!UdpTrackerRequest.TryReadHeader(datagram, out long connectionId, out UdpTrackerAction action, out uint transactionId))
            return 0;
        if (action == UdpTrackerAction.Connect)
            return connectionId == UdpTrackerRequest.ProtocolId ? UdpTrackerReply.WriteConnect(reply, transactionId, _connectionIds.Create(from)) : 0;
        if (action is not (UdpTrackerAction.Announce or UdpTrackerAction.Scrape))
            return 0;
        if (!_connectionIds.IsValid(connectionId, from))
        {
            int length = Error(reply, transactionId, "the connection id is not valid: connect anew");
            return length <= datagram.Length ? length : 0;
        }
        return action == UdpTrackerAction.Announce ? Announce(datagram, transactionId, from, reply) : Scrape(datagram, transactionId, reply);
    }

    private int Announce(ReadOnlySpan<byte> datagram, uint transactionId, PeerKey from, Span<byte> reply)
    {
        Span<byte> urlData = stackalloc byte[UdpTrackerRequest.MaxUrlData];
        if (!UdpTrackerRequest.TryReadAnnounce(datagram, urlData, out UdpAnnounce request))
            return Error(reply, transactionId, $"an announce has {UdpTrackerRequest.AnnounceLength} bytes at least");
        if (request.Port == 0)
            return Error(reply, transactionId, "port is not from 1 to 65535");
        TrackerAnnounce announce = Read(request, from);
        int room = from.IsIPv4 ? (MaxReplyLength - UdpTrackerReply.AnnounceLength) / 6 : (MaxReplyLengthIPv6 - UdpTrackerReply.AnnounceLength) / 18;
        if (swarms.Announce(announce, room, out TrackerAnswer answer) is { } error)
            return Error(reply, transactionId, error);
        int length;
        using (answer)
        {
            length = UdpTrackerReply.WriteAnnounce(reply, transactionId, (int)options.Interval.TotalSeconds, answer.Leechers, answer.Seeders);
            foreach (ref readonly TrackedPeer peer in answer.Peers)
                length += peer.Key.WriteCompact(reply[length..]);
        }
        counters.CountAnnounce();
        options.OnAnnounce?.Invoke(announce.ToRequest());
        return length;
    }

    private TrackerAnnounce Read(in UdpAnnounce request, PeerKey from)
    {
        PeerKey key = from.WithPort(request.Port);
        if (options.TrustsGivenAddress && request.Address != 0)
        {
            Span<byte> given = stackalloc byte[4];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(given, request.Address);
            key = PeerKey.Create(given, request.Port);
        }
        return new TrackerAnnounce
        {
            InfoHash = request.InfoHash,
            PeerId = request.PeerId,
            Key = key,
            Uploaded = Math.Max(0, request.Uploaded),
            Downloaded = Math.Max(0, request.Downloaded),
            Left = request.Left >= 0 ? request.Left : null,
            Event = request.Event,
            NumWant = request.NumWant >= 0 ? request.NumWant : null,
            IsCompact = true,
            NoPeerId = true,
            IsUdp = true,
            Family = from.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6,
            Target = request.UrlData,
        };
    }

    private int Scrape(ReadOnlySpan<byte> datagram, uint transactionId, Span<byte> reply)
    {
        ReadOnlySpan<byte> hashes = UdpTrackerRequest.ReadScrape(datagram);
        if (hashes.IsEmpty)
            return Error(reply, transactionId, "info_hash is missing or not 20 bytes long");
        int length = UdpTrackerReply.WriteScrape(reply, transactionId);
        for (; !hashes.IsEmpty; hashes = hashes[InfoHash.V1Length..])
        {
            // Zeros for unknown torrents: this format cannot omit one.
            swarms.TryScrape(hashes[..InfoHash.V1Length], out int seeders, out int leechers, out int downloads);
            length += UdpTrackerReply.WriteCounts(reply[length..], seeders, downloads, leechers);
        }
        counters.CountScrape();
        return length;
    }

    private static int Error(Span<byte> reply, uint transactionId, string text) =>
        UdpTrackerReply.WriteError(reply, transactionId, Encoding.ASCII.GetBytes(text));
}
