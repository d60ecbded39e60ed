using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Trackers;

/// <summary>The request targets of HTTP trackers: path and query with every parameter (BEP 3, 7, 23, 48).</summary>
internal static class AnnounceQuery
{
    private const string AnnounceWord = "announce";

    private static readonly SearchValues<byte> s_unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"u8);

    /// <summary>The target of an announce. The query of the announce address, such as a user's key, stays in front.</summary>
    public static string Announce(Uri tracker, AnnounceRequest request)
    {
        var target = new StringBuilder(tracker.PathAndQuery, tracker.PathAndQuery.Length + 320);
        AppendSeparator(target);
        target.Append("info_hash=");
        AppendEscaped(target, request.InfoHash.Wire);
        target.Append("&peer_id=");
        AppendEscaped(target, request.PeerId.Span);
        target.Append(CultureInfo.InvariantCulture, $"&port={request.Port}&uploaded={request.Statistics.Uploaded}");
        target.Append(CultureInfo.InvariantCulture, $"&downloaded={request.Statistics.Downloaded}&left={request.Statistics.Left}");
        target.Append("&compact=1");
        if (request.NoPeerId)
            target.Append("&no_peer_id=1");
        // A peer that stops needs no peers, and the tracker need not select any.
        int numWant = request.Event == AnnounceEvent.Stopped ? 0 : request.NumWant;
        target.Append(CultureInfo.InvariantCulture, $"&numwant={numWant}&key={request.Key:x8}");
        AppendEvent(target, request.Event);
        if (!request.TrackerId.IsEmpty)
        {
            target.Append("&trackerid=");
            AppendEscaped(target, request.TrackerId.Span);
        }
        if (request.Address is { } address)
        {
            target.Append(address.AddressFamily == AddressFamily.InterNetworkV6 ? "&ipv6=" : "&ip=");
            AppendEscaped(target, Encoding.ASCII.GetBytes(address.ToString()));
        }
        return target.ToString();
    }

    /// <summary>
    /// The target of a scrape: the text "announce" right after the last slash of the path is replaced by "scrape" (BEP 48). False if the path does not have it, which
    /// means that the tracker does not support scrape.
    /// </summary>
    public static bool TryScrape(Uri tracker, IReadOnlyList<InfoHash> infoHashes, out string target)
    {
        target = "";
        if (!ReachRules.IsAnnounce(tracker))
            return false;
        string path = tracker.AbsolutePath;
        int last = path.LastIndexOf('/') + 1;
        var result = new StringBuilder();
        result.Append(path, 0, last).Append("scrape").Append(path, last + AnnounceWord.Length, path.Length - last - AnnounceWord.Length);
        result.Append(tracker.Query);
        foreach (InfoHash infoHash in infoHashes)
        {
            AppendSeparator(result);
            result.Append("info_hash=");
            AppendEscaped(result, infoHash.Wire);
        }
        target = result.ToString();
        return true;
    }

    /// <summary>The target of a list of peers.</summary>
    public static string List(InfoHash infoHash)
    {
        var target = new StringBuilder(PeerListReply.Path).Append("?info_hash=");
        AppendEscaped(target, infoHash.Wire);
        return target.ToString();
    }

    private static void AppendEvent(StringBuilder target, AnnounceEvent announceEvent) => target.Append(announceEvent switch
    {
        AnnounceEvent.Started => "&event=started",
        AnnounceEvent.Completed => "&event=completed",
        AnnounceEvent.Stopped => "&event=stopped",
        AnnounceEvent.Paused => "&event=paused",
        _ => "",
    });

    private static void AppendSeparator(StringBuilder target)
    {
        string text = target.ToString();
        if (text.AsSpan().IndexOf('?') < 0)
            target.Append('?');
        else if (text[^1] is not ('?' or '&'))
            target.Append('&');
    }

    private static void AppendEscaped(StringBuilder target, ReadOnlySpan<byte> bytes)
    {
        const string digits = "0123456789ABCDEF";
        foreach (byte value in bytes)
        {
            if (s_unreserved.Contains(value))
                target.Append((char)value);
            else
                target.Append('%').Append(digits[value >> 4]).Append(digits[value & 15]);
        }
    }
}
