using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>Parses the request targets of an HTTP tracker: path and query (BEP 3, 7, 23, 48). Of a duplicate parameter the first counts.</summary>
internal static class TrackerQuery
{
    /// <summary>The number of bytes for the unescaped values of an announce.</summary>
    public const int ScratchLength = 40;

    /// <summary>Splits a target into path and query.</summary>
    public static void Split(ReadOnlySpan<byte> target, out ReadOnlySpan<byte> path, out ReadOnlySpan<byte> query)
    {
        int question = target.IndexOf((byte)'?');
        path = question < 0 ? target : target[..question];
        query = question < 0 ? default : target[(question + 1)..];
    }

    /// <summary>Parses an announce; returns an error text if a required value is missing or invalid.</summary>
    /// <param name="query">The text after the question mark.</param>
    /// <param name="from">The client's address.</param>
    /// <param name="trustsGivenAddress">Whether an address in the query takes precedence over it.</param>
    /// <param name="scratch">A buffer of <see cref="ScratchLength"/> bytes.</param>
    /// <param name="announce">The announce.</param>
    public static string? TryReadAnnounce(ReadOnlySpan<byte> query, PeerKey from, bool trustsGivenAddress, Span<byte> scratch, out TrackerAnnounce announce)
    {
        announce = new TrackerAnnounce { IsCompact = Find(query, "compact"u8, out ReadOnlySpan<byte> value) is false || !value.SequenceEqual("0"u8) };
        if (!Find(query, "info_hash"u8, out value) || Unescape(value, scratch[..20]) != InfoHash.V1Length)
            return "info_hash is missing or not 20 bytes long";
        announce.InfoHash = scratch[..20];
        if (!Find(query, "peer_id"u8, out value) || Unescape(value, scratch.Slice(20, 20)) != 20)
            return "peer_id is missing or not 20 bytes long";
        announce.PeerId = scratch.Slice(20, 20);
        if (Number(query, "port"u8) is not (>= 1 and <= 65535 and long port))
            return "port is missing or not from 1 to 65535";
        if (!TryReadEvent(query, out AnnounceEvent announceEvent))
            return "event is none of started, completed and stopped";
        announce.Event = announceEvent;
        announce.Key = (trustsGivenAddress && GivenAddress(query) is { } given ? PeerKey.Create(given, 0) : from).WithPort((ushort)port);
        announce.Uploaded = Number(query, "uploaded"u8) ?? 0;
        announce.Downloaded = Number(query, "downloaded"u8) ?? 0;
        announce.Left = Number(query, "left"u8);
        announce.NumWant = (int?)Math.Min(Number(query, "numwant"u8) ?? -1, int.MaxValue) is >= 0 and int wanted ? wanted : null;
        announce.NoPeerId = Find(query, "no_peer_id"u8, out value) && value.SequenceEqual("1"u8);
        return null;
    }

    /// <summary>The torrents of a scrape, without duplicates and sorted by bytes, like the keys of the answer (BEP 3).</summary>
    public static List<byte[]> ReadScrape(ReadOnlySpan<byte> query, int max)
    {
        var hashes = new List<byte[]>();
        Span<byte> hash = stackalloc byte[InfoHash.V1Length];
        while (Next(ref query, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) && hashes.Count < max)
        {
            if (name.SequenceEqual("info_hash"u8) && Unescape(value, hash) == hash.Length)
                hashes.Add(hash.ToArray());
        }
        hashes.Sort(static (a, b) => a.AsSpan().SequenceCompareTo(b));
        for (int i = hashes.Count - 1; i > 0; i--)
        {
            if (hashes[i].AsSpan().SequenceEqual(hashes[i - 1]))
                hashes.RemoveAt(i);
        }
        return hashes;
    }

    private static bool TryReadEvent(ReadOnlySpan<byte> query, out AnnounceEvent announceEvent)
    {
        announceEvent = AnnounceEvent.None;
        // "paused" is sent by a peer that has everything it wants of a torrent (BEP 21).
        if (!Find(query, "event"u8, out ReadOnlySpan<byte> value) || value.IsEmpty || value.SequenceEqual("paused"u8) || value.SequenceEqual("empty"u8))
            return true;
        if (value.SequenceEqual("started"u8))
            announceEvent = AnnounceEvent.Started;
        else if (value.SequenceEqual("completed"u8))
            announceEvent = AnnounceEvent.Completed;
        else if (value.SequenceEqual("stopped"u8))
            announceEvent = AnnounceEvent.Stopped;
        else
            return false;
        return true;
    }

    private static IPAddress? GivenAddress(ReadOnlySpan<byte> query)
    {
        if (!Find(query, "ipv6"u8, out ReadOnlySpan<byte> value) && !Find(query, "ip"u8, out value) && !Find(query, "ipv4"u8, out value))
            return null;
        Span<byte> text = stackalloc byte[64];
        int length = Unescape(value, text);
        return length >= 0 && IPAddress.TryParse(text[..length], out IPAddress? address)
            && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 ? address : null;
    }

    private static long? Number(ReadOnlySpan<byte> query, ReadOnlySpan<byte> name) =>
        Find(query, name, out ReadOnlySpan<byte> value) && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static bool Find(ReadOnlySpan<byte> query, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        while (Next(ref query, out ReadOnlySpan<byte> key, out value))
        {
            if (key.SequenceEqual(name))
                return true;
        }
        return false;
    }

    private static bool Next(scoped ref ReadOnlySpan<byte> query, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        while (!query.IsEmpty)
        {
            int end = query.IndexOf((byte)'&');
            ReadOnlySpan<byte> part = end < 0 ? query : query[..end];
            query = end < 0 ? default : query[(end + 1)..];
            int equals = part.IndexOf((byte)'=');
            if (equals <= 0)
                continue;
            name = part[..equals];
            value = part[(equals + 1)..];
            return true;
        }
        name = default;
        value = default;
        return false;
    }

    // Returns the number of bytes; -1 if there are more than fit.
    private static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> destination)
    {
        int length = 0;
        for (int i = 0; i < escaped.Length; i++)
        {
            if (length == destination.Length)
                return -1;
            if (escaped[i] == '%' && i + 2 < escaped.Length && Utf8Parser.TryParse(escaped.Slice(i + 1, 2), out byte value, out int used, 'x') && used == 2)
            {
                destination[length++] = value;
                i += 2;
            }
            else
            {
                // '+' means a space in forms, and some clients use it.
                destination[length++] = escaped[i] == '+' ? (byte)' ' : escaped[i];
            }
        }
        return length;
    }
}
