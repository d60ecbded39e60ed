using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Trackers;

/// <summary>
/// Parses the bencoded replies of HTTP trackers (BEP 3, 7, 23, 24, 48). Values of a wrong type are ignored, because many trackers are careless; data that is not bencoded
/// is an error.
/// </summary>
internal static class TrackerReply
{
    private const int MaxTrackerIdLength = 512;
    private const int MaxInterval = 7 * 24 * 3600;

    private static readonly BencodeReaderOptions s_limits = new() { MaxDepth = 10, MaxTokens = 500_000, MaxDataLength = HttpTracker.MaxReplyLength, AllowTrailingData = true };

    /// <exception cref="Errors.TorrentException"><c>TrackerFailure</c>: the reply has a failure reason; <c>InvalidBencode</c>.</exception>
    public static AnnounceResponse ReadAnnounce(ReadOnlySpan<byte> reply, Uri tracker, IPAddress? from = null)
    {
        BencodeReader reader = Begin(reply);
        var peers = new PeerCollector(PeerSource.Tracker, tracker, from);
        var response = new AnnounceResponse { IsNear = IsNear(from) };
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> key = reader.ValueSpan;
            reader.Read();
            if (key.SequenceEqual("peers"u8) || key.SequenceEqual("peers6"u8))
                ReadPeers(ref reader, peers, key.Length == 5 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6);
            else if (reader.TokenType == BencodeTokenType.String)
                response = ReadText(key, reader.ValueSpan, response, tracker);
            else if (reader.TokenType == BencodeTokenType.Integer)
                response = ReadNumber(key, reader.GetInt64(), response);
            else
                reader.Skip();
        }
        return response with { Peers = peers.Peers };
    }

    /// <exception cref="Errors.TorrentException"><c>TrackerFailure</c>: the reply has a failure reason; <c>InvalidBencode</c>.</exception>
    public static ScrapeResponse ReadScrape(ReadOnlySpan<byte> reply, IReadOnlyList<InfoHash> infoHashes, Uri tracker)
    {
        BencodeReader reader = Begin(reply);
        var torrents = new ScrapeCounts?[infoHashes.Count];
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            bool isFiles = reader.ValueIsKey("files"u8);
            bool isFailure = IsFailure(reader.ValueSpan);
            reader.Read();
            if (isFailure && reader.TokenType == BencodeTokenType.String)
                throw TrackerErrors.Failure(tracker, reader.ValueSpan);
            if (isFiles && reader.TokenType == BencodeTokenType.StartDictionary)
                ReadFiles(ref reader, infoHashes, torrents);
            else
                reader.Skip();
        }
        return new ScrapeResponse { Torrents = torrents };
    }

    /// <summary>Returns the failure reason of a reply, such as that of an HTTP error, if it is bencoded and has one.</summary>
    public static bool TryReadFailure(ReadOnlySpan<byte> reply, out ReadOnlySpan<byte> text)
    {
        text = default;
        try
        {
            BencodeReader reader = Begin(reply);
            while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
            {
                bool isFailure = IsFailure(reader.ValueSpan);
                reader.Read();
                if (isFailure && reader.TokenType == BencodeTokenType.String)
                {
                    text = reader.ValueSpan;
                    return true;
                }
                reader.Skip();
            }
        }
        catch (BencodeException)
        {
            // Probably an error page: the status is enough.
        }
        return false;
    }

    // Some trackers write failure_reason, especially in scrapes.
    private static bool IsFailure(ReadOnlySpan<byte> key) => key.SequenceEqual("failure reason"u8) || key.SequenceEqual("failure_reason"u8);

    /// <summary>Whether a tracker's address is this machine's or a local network's; through a proxy it is not known.</summary>
    public static bool IsNear(IPAddress? tracker) => tracker is not null && AddressRules.ReachOf(tracker) != AddressReach.World;

    private static BencodeReader Begin(ReadOnlySpan<byte> reply)
    {
        var reader = new BencodeReader(reply, s_limits);
        reader.Read();
        if (reader.TokenType != BencodeTokenType.StartDictionary)
            throw new BencodeException("There is something else than a dictionary", 0);
        return reader;
    }

    private static AnnounceResponse ReadText(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, AnnounceResponse response, Uri tracker)
    {
        if (IsFailure(key))
            throw TrackerErrors.Failure(tracker, value);
        if (key.SequenceEqual("warning message"u8))
            return response with { Warning = TrackerErrors.Clean(value) };
        if (key.SequenceEqual("tracker id"u8) && value.Length <= MaxTrackerIdLength)
            return response with { TrackerId = value.ToArray() };
        if (key.SequenceEqual("external ip"u8) && value.Length is 4 or 16)
            return response with { ExternalAddress = new IPAddress(value) };
        return response;
    }

    private static AnnounceResponse ReadNumber(ReadOnlySpan<byte> key, long value, AnnounceResponse response)
    {
        if (value < 0)
            return response;
        int number = (int)Math.Min(value, int.MaxValue);
        if (key.SequenceEqual("interval"u8))
            return number == 0 ? response : response with { Interval = TimeSpan.FromSeconds(Math.Min(number, MaxInterval)) };
        if (key.SequenceEqual("min interval"u8))
            return number == 0 ? response : response with { MinInterval = TimeSpan.FromSeconds(Math.Min(number, MaxInterval)) };
        if (key.SequenceEqual("complete"u8))
            return response with { Complete = number };
        if (key.SequenceEqual("incomplete"u8))
            return response with { Incomplete = number };
        if (key.SequenceEqual("downloaded"u8))
            return response with { Downloaded = number };
        return response;
    }

    private static void ReadPeers(ref BencodeReader reader, PeerCollector peers, AddressFamily family)
    {
        if (reader.TokenType == BencodeTokenType.String)
        {
            peers.AddCompact(reader.ValueSpan, family);
        }
        else if (reader.TokenType == BencodeTokenType.StartList)
        {
            while (reader.Read() && reader.TokenType != BencodeTokenType.EndList)
            {
                if (reader.TokenType == BencodeTokenType.StartDictionary)
                    ReadPeer(ref reader, peers);
                else
                    reader.Skip();
            }
        }
        else
        {
            reader.Skip();
        }
    }

    private static void ReadPeer(ref BencodeReader reader, PeerCollector peers)
    {
        IPAddress? address = null;
        long port = 0;
        byte[] peerId = [];
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> key = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType == BencodeTokenType.Integer && key.SequenceEqual("port"u8))
                port = reader.GetInt64();
            // BEP 3 also allows a host name; none occurs in practice, and names from strangers are not resolved.
            else if (reader.TokenType == BencodeTokenType.String && key.SequenceEqual("ip"u8) && reader.ValueSpan.Length <= 64)
                _ = IPAddress.TryParse(reader.GetString(), out address);
            else if (reader.TokenType == BencodeTokenType.String && key.SequenceEqual("peer id"u8) && reader.ValueSpan.Length == 20)
                peerId = reader.ValueSpan.ToArray();
            else
                reader.Skip();
        }
        if (address is not null)
            peers.Add(address, port, peerId);
    }

    private static void ReadFiles(ref BencodeReader reader, IReadOnlyList<InfoHash> infoHashes, ScrapeCounts?[] torrents)
    {
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> hash = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType != BencodeTokenType.StartDictionary)
            {
                reader.Skip();
                continue;
            }
            ScrapeCounts counts = ReadCounts(ref reader);
            for (int i = 0; i < torrents.Length; i++)
            {
                if (IsKeyOf(hash, infoHashes[i].Wire))
                    torrents[i] = counts;
            }
        }
    }

    /// <summary>Whether a key is the hash itself, or its bytes as UTF-8 characters, as npm's bittorrent-tracker writes them.</summary>
    private static bool IsKeyOf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> hash)
    {
        if (key.Length == hash.Length)
            return key.SequenceEqual(hash);
        Span<byte> written = stackalloc byte[2 * InfoHash.V1Length];
        int length = 0;
        foreach (byte value in hash)
        {
            if (value >= 0x80)
                written[length++] = (byte)(0xC0 | value >> 6);
            written[length++] = (byte)(value >= 0x80 ? 0x80 | value & 0x3F : value);
        }
        return key.SequenceEqual(written[..length]);
    }

    private static ScrapeCounts ReadCounts(ref BencodeReader reader)
    {
        var counts = new ScrapeCounts();
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> key = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType != BencodeTokenType.Integer)
            {
                reader.Skip();
                continue;
            }
            int? value = reader.GetInt64() is >= 0 and long number ? (int)Math.Min(number, int.MaxValue) : null;
            if (key.SequenceEqual("complete"u8))
                counts = counts with { Complete = value };
            else if (key.SequenceEqual("incomplete"u8))
                counts = counts with { Incomplete = value };
            else if (key.SequenceEqual("downloaded"u8))
                counts = counts with { Downloaded = value };
        }
        return counts;
    }
}
