using System.Buffers.Binary;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Trackers;

/// <summary>
/// The datagrams to a UDP tracker (BEP 15), written by the client and read by the tracker. Each begins with a connection id (8 bytes), the action (4) and a transaction
/// id (4).
/// </summary>
internal static class UdpTrackerRequest
{
    /// <summary>The value in place of the connection id in a connect request.</summary>
    public const long ProtocolId = 0x41727101980;

    /// <summary>The length of the common header, which is also that of a connect request.</summary>
    public const int HeaderLength = 16;

    /// <summary>The length of an announce without options.</summary>
    public const int AnnounceLength = 98;

    /// <summary>The maximum number of torrents in a scrape: "up to about 74" (BEP 15).</summary>
    public const int MaxScraped = 74;

    /// <summary>The maximum length of path and query in bytes, so that an announce with them is never fragmented.</summary>
    public const int MaxUrlData = 1024;

    // BEP 41: option types, and the maximum data length of one option.
    private const byte EndOfOptions = 0;
    private const byte Nop = 1;
    private const byte UrlDataOption = 2;
    private const int MaxOptionData = 255;

    /// <summary>Writes a connect request; 16 bytes.</summary>
    public static int WriteConnect(Span<byte> destination, uint transactionId) =>
        WriteHeader(destination, ProtocolId, UdpTrackerAction.Connect, transactionId);

    /// <summary>Writes an announce; its length is <see cref="AnnounceLength"/> plus that of the options.</summary>
    public static int WriteAnnounce(Span<byte> destination, long connectionId, uint transactionId, in UdpAnnounce announce)
    {
        WriteHeader(destination, connectionId, UdpTrackerAction.Announce, transactionId);
        announce.InfoHash[..20].CopyTo(destination[16..]);
        announce.PeerId[..20].CopyTo(destination[36..]);
        BinaryPrimitives.WriteInt64BigEndian(destination[56..], announce.Downloaded);
        BinaryPrimitives.WriteInt64BigEndian(destination[64..], announce.Left);
        BinaryPrimitives.WriteInt64BigEndian(destination[72..], announce.Uploaded);
        BinaryPrimitives.WriteInt32BigEndian(destination[80..], EventCode(announce.Event));
        BinaryPrimitives.WriteUInt32BigEndian(destination[84..], announce.Address);
        BinaryPrimitives.WriteUInt32BigEndian(destination[88..], announce.Key);
        BinaryPrimitives.WriteInt32BigEndian(destination[92..], announce.NumWant);
        BinaryPrimitives.WriteUInt16BigEndian(destination[96..], announce.Port);
        return AnnounceLength + WriteUrlData(destination[AnnounceLength..], announce.UrlData);
    }

    /// <summary>Writes a scrape of up to <see cref="MaxScraped"/> torrents.</summary>
    public static int WriteScrape(Span<byte> destination, long connectionId, uint transactionId, IReadOnlyList<InfoHash> infoHashes, int first, int count)
    {
        int length = WriteHeader(destination, connectionId, UdpTrackerAction.Scrape, transactionId);
        for (int i = first; i < first + count; i++, length += InfoHash.V1Length)
            infoHashes[i].Wire.CopyTo(destination[length..]);
        return length;
    }

    /// <summary>Parses the common header. False if the datagram is too short.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> datagram, out long connectionId, out UdpTrackerAction action, out uint transactionId)
    {
        (connectionId, action, transactionId) = (0, 0, 0);
        if (datagram.Length < HeaderLength)
            return false;
        connectionId = BinaryPrimitives.ReadInt64BigEndian(datagram);
        action = (UdpTrackerAction)BinaryPrimitives.ReadInt32BigEndian(datagram[8..]);
        transactionId = BinaryPrimitives.ReadUInt32BigEndian(datagram[12..]);
        return true;
    }

    /// <summary>Parses an announce. False if the datagram is too short.</summary>
    /// <param name="datagram">The whole datagram.</param>
    /// <param name="urlData">Receives the path and query, <see cref="MaxUrlData"/> bytes or more; the rest is cut off.</param>
    /// <param name="announce">The fields, which point into the datagram and <paramref name="urlData"/>.</param>
    public static bool TryReadAnnounce(ReadOnlySpan<byte> datagram, Span<byte> urlData, out UdpAnnounce announce)
    {
        announce = default;
        if (datagram.Length < AnnounceLength)
            return false;
        announce.InfoHash = datagram.Slice(16, 20);
        announce.PeerId = datagram.Slice(36, 20);
        announce.Downloaded = BinaryPrimitives.ReadInt64BigEndian(datagram[56..]);
        announce.Left = BinaryPrimitives.ReadInt64BigEndian(datagram[64..]);
        announce.Uploaded = BinaryPrimitives.ReadInt64BigEndian(datagram[72..]);
        announce.Event = Event(BinaryPrimitives.ReadInt32BigEndian(datagram[80..]));
        announce.Address = BinaryPrimitives.ReadUInt32BigEndian(datagram[84..]);
        announce.Key = BinaryPrimitives.ReadUInt32BigEndian(datagram[88..]);
        announce.NumWant = BinaryPrimitives.ReadInt32BigEndian(datagram[92..]);
        announce.Port = BinaryPrimitives.ReadUInt16BigEndian(datagram[96..]);
        announce.UrlData = ReadUrlData(datagram[AnnounceLength..], urlData);
        return true;
    }

    /// <summary>The hashes of a scrape, 20 bytes each; an incomplete one, and those beyond <see cref="MaxScraped"/>, are ignored.</summary>
    public static ReadOnlySpan<byte> ReadScrape(ReadOnlySpan<byte> datagram)
    {
        int count = Math.Min((datagram.Length - HeaderLength) / InfoHash.V1Length, MaxScraped);
        return datagram.Slice(HeaderLength, Math.Max(0, count) * InfoHash.V1Length);
    }

    private static int WriteHeader(Span<byte> destination, long connectionId, UdpTrackerAction action, uint transactionId)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, connectionId);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], (int)action);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], transactionId);
        return HeaderLength;
    }

    // The numbers of BEP 15, which are not in the order of BEP 3.
    private static int EventCode(AnnounceEvent announceEvent) => announceEvent switch
    {
        AnnounceEvent.Completed => 1,
        AnnounceEvent.Started => 2,
        AnnounceEvent.Stopped => 3,
        _ => 0,
    };

    private static AnnounceEvent Event(int code) => code switch
    {
        1 => AnnounceEvent.Completed,
        2 => AnnounceEvent.Started,
        3 => AnnounceEvent.Stopped,
        _ => AnnounceEvent.None,
    };

    // Longer data is split into several options (BEP 41). EndOfOptions is not needed: the datagram ends with them.
    private static int WriteUrlData(Span<byte> destination, ReadOnlySpan<byte> data)
    {
        int length = 0;
        while (!data.IsEmpty)
        {
            ReadOnlySpan<byte> piece = data[..Math.Min(data.Length, MaxOptionData)];
            destination[length] = UrlDataOption;
            destination[length + 1] = (byte)piece.Length;
            piece.CopyTo(destination[(length + 2)..]);
            length += 2 + piece.Length;
            data = data[piece.Length..];
        }
        return length;
    }

    // Unknown options are skipped by their length (BEP 41); one that is longer than the datagram ends the list.
    private static ReadOnlySpan<byte> ReadUrlData(ReadOnlySpan<byte> options, Span<byte> urlData)
    {
        int length = 0;
        while (!options.IsEmpty && options[0] != EndOfOptions)
        {
            if (options[0] == Nop)
            {
                options = options[1..];
                continue;
            }
            if (options.Length < 2 || options.Length - 2 < options[1])
                break;
            ReadOnlySpan<byte> data = options.Slice(2, options[1]);
            if (options[0] == UrlDataOption && data.Length <= urlData.Length - length)
            {
                data.CopyTo(urlData[length..]);
                length += data.Length;
            }
            options = options[(2 + data.Length)..];
        }
        return urlData[..length];
    }
}
