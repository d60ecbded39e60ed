using System.Buffers.Binary;
using System.Net;
using TorrentPS.Engine.Discovery;

namespace TorrentPS.Engine.Trackers;

/// <summary>
/// The datagrams from a UDP tracker (BEP 15), written by the tracker and read by the client. Each begins with the action (4 bytes) and the transaction id of the request
/// (4).
/// </summary>
internal static class UdpTrackerReply
{
    /// <summary>The length of the common header.</summary>
    public const int HeaderLength = 8;

    /// <summary>The length of the reply to a connect request.</summary>
    public const int ConnectLength = 16;

    /// <summary>The length of the reply to an announce before the peers.</summary>
    public const int AnnounceLength = 20;

    /// <summary>The length of the counts of each torrent in a scrape.</summary>
    public const int CountsLength = 12;

    private const int MaxInterval = 7 * 24 * 3600;

    /// <summary>Writes the reply to a connect request.</summary>
    public static int WriteConnect(Span<byte> destination, uint transactionId, long connectionId)
    {
        WriteHeader(destination, UdpTrackerAction.Connect, transactionId);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], connectionId);
        return ConnectLength;
    }

    /// <summary>Writes the reply to an announce up to the peers, which follow in compact form, all of the address family of the request.</summary>
    public static int WriteAnnounce(Span<byte> destination, uint transactionId, int intervalSeconds, int leechers, int seeders)
    {
        WriteHeader(destination, UdpTrackerAction.Announce, transactionId);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], intervalSeconds);
        BinaryPrimitives.WriteInt32BigEndian(destination[12..], leechers);
        BinaryPrimitives.WriteInt32BigEndian(destination[16..], seeders);
        return AnnounceLength;
    }

    /// <summary>Writes the reply to a scrape up to the counts, which follow by <see cref="WriteCounts"/> in the order of the request.</summary>
    public static int WriteScrape(Span<byte> destination, uint transactionId) => WriteHeader(destination, UdpTrackerAction.Scrape, transactionId);

    /// <summary>Writes the counts of one torrent of a scrape.</summary>
    public static int WriteCounts(Span<byte> destination, int seeders, int downloads, int leechers)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, seeders);
        BinaryPrimitives.WriteInt32BigEndian(destination[4..], downloads);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], leechers);
        return CountsLength;
    }

    /// <summary>Writes an error.</summary>
    public static int WriteError(Span<byte> destination, uint transactionId, ReadOnlySpan<byte> message)
    {
        int length = WriteHeader(destination, UdpTrackerAction.Error, transactionId);
        message.CopyTo(destination[length..]);
        return length + message.Length;
    }

    /// <summary>Parses the common header. False if the datagram is too short for its action, or the action is unknown.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> datagram, out UdpTrackerAction action, out uint transactionId)
    {
        (action, transactionId) = (UdpTrackerAction.Error, 0);
        if (datagram.Length < HeaderLength)
            return false;
        action = (UdpTrackerAction)BinaryPrimitives.ReadInt32BigEndian(datagram);
        transactionId = BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]);
        return action switch
        {
            UdpTrackerAction.Connect => datagram.Length >= ConnectLength,
            UdpTrackerAction.Announce => datagram.Length >= AnnounceLength || IsEmptyAnnounce(datagram, action),
            UdpTrackerAction.Scrape or UdpTrackerAction.Error => true,
            _ => false,
        };
    }

    /// <summary>Whether the reply to an announce consists of the header only, by which opentracker means that it does not serve the torrent.</summary>
    public static bool IsEmptyAnnounce(ReadOnlySpan<byte> datagram, UdpTrackerAction action) => action == UdpTrackerAction.Announce && datagram.Length == HeaderLength;

    /// <summary>The connection id in the reply to a connect request.</summary>
    public static long ReadConnect(ReadOnlySpan<byte> datagram) => BinaryPrimitives.ReadInt64BigEndian(datagram[8..]);

    /// <summary>Reads the reply to an announce.</summary>
    /// <param name="datagram">The whole datagram.</param>
    /// <param name="from">The tracker's address: the peers have the same family (BEP 15, "IPv6"), and the tracker may not name every address.</param>
    /// <param name="tracker">The source of the peers.</param>
    public static AnnounceResponse ReadAnnounce(ReadOnlySpan<byte> datagram, IPAddress from, Uri tracker)
    {
        int interval = BinaryPrimitives.ReadInt32BigEndian(datagram[8..]);
        var peers = new PeerCollector(PeerSource.Tracker, tracker, from);
        peers.AddCompact(datagram[AnnounceLength..], from.AddressFamily);
        return new AnnounceResponse
        {
            IsNear = TrackerReply.IsNear(from),
            Interval = interval > 0 ? TimeSpan.FromSeconds(Math.Min(interval, MaxInterval)) : null,
            Incomplete = Count(datagram[12..]),
            Complete = Count(datagram[16..]),
            Peers = peers.Peers,
        };
    }

    /// <summary>Parses the counts of a scrape, in the order of the request; null for those beyond the end of the reply.</summary>
    public static void ReadScrape(ReadOnlySpan<byte> datagram, Span<ScrapeCounts?> torrents)
    {
        ReadOnlySpan<byte> counts = datagram[HeaderLength..];
        for (int i = 0; i < torrents.Length && counts.Length >= CountsLength; i++, counts = counts[CountsLength..])
            torrents[i] = new ScrapeCounts(Complete: Count(counts), Incomplete: Count(counts[8..]), Downloaded: Count(counts[4..]));
    }

    /// <summary>The tracker's text in an error.</summary>
    public static ReadOnlySpan<byte> ReadError(ReadOnlySpan<byte> datagram) => datagram[HeaderLength..].TrimEnd((byte)0);

    private static int WriteHeader(Span<byte> destination, UdpTrackerAction action, uint transactionId)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, (int)action);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], transactionId);
        return HeaderLength;
    }

    private static int? Count(ReadOnlySpan<byte> source) => BinaryPrimitives.ReadInt32BigEndian(source) is >= 0 and int count ? count : null;
}
