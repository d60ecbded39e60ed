using System.Buffers;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>The HTTP answers of a tracker (BEP 3, 7, 23, 24, 48), without the connections. Thread-safe.</summary>
internal sealed class TrackerHttpService(TrackerServerOptions options, TrackerSwarms swarms, TrackerCounters counters)
{
    private const int MaxScraped = 200;

    /// <summary>Writes the answer to a request target; false if there is no such resource.</summary>
    public bool TryAnswer(ReadOnlySpan<byte> target, PeerKey from, IBufferWriter<byte> output)
    {
        TrackerQuery.Split(target, out ReadOnlySpan<byte> path, out ReadOnlySpan<byte> query);
        if (path.SequenceEqual("/announce"u8))
            Announce(target, query, from, output);
        else if (path.SequenceEqual("/scrape"u8))
            Scrape(query, output);
        else if (path.SequenceEqual("/swarm"u8))
            List(query, from, output);
        else
            return false;
        return true;
    }

    private void Announce(ReadOnlySpan<byte> target, ReadOnlySpan<byte> query, PeerKey from, IBufferWriter<byte> output)
    {
        Span<byte> scratch = stackalloc byte[TrackerQuery.ScratchLength];
        string? error = TrackerQuery.TryReadAnnounce(query, from, options.TrustsGivenAddress, scratch, out TrackerAnnounce announce);
        TrackerAnswer answer = default;
        if (error is null)
        {
            announce.Target = target;
            error = swarms.Announce(announce, options.MaxPeersPerAnswer, out answer);
        }
        if (error is not null)
        {
            WriteFailure(output, error);
            return;
        }
        using (answer)
            WriteAnnounce(output, announce, from, answer);
        counters.CountAnnounce();
        options.OnAnnounce?.Invoke(announce.ToRequest());
    }

    private void WriteAnnounce(IBufferWriter<byte> output, in TrackerAnnounce announce, PeerKey from, in TrackerAnswer answer)
    {
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        WriteNumber(writer, "complete"u8, answer.Seeders);
        WriteNumber(writer, "downloaded"u8, answer.Downloads);
        Span<byte> address = stackalloc byte[16];
        from.WriteAddress(address);
        writer.WriteKey("external ip"u8);
        writer.WriteString(from.IsIPv4 ? address[12..] : address);
        WriteNumber(writer, "incomplete"u8, answer.Leechers);
        WriteNumber(writer, "interval"u8, (long)options.Interval.TotalSeconds);
        WriteNumber(writer, "min interval"u8, (long)options.MinInterval.TotalSeconds);
        writer.WriteKey("peers"u8);
        if (announce.IsCompact)
            WriteCompact(writer, answer.Peers);
        else
            WriteDictionaries(writer, answer.Peers, announce.NoPeerId);
        writer.WriteEndDictionary();
    }

    private static void WriteCompact(BencodeWriter writer, ReadOnlySpan<TrackedPeer> peers)
    {
        byte[] compact = ArrayPool<byte>.Shared.Rent(peers.Length * 18);
        writer.WriteString(compact.AsSpan(0, Compact(peers, AddressFamily.InterNetwork, compact)));
        int length = Compact(peers, AddressFamily.InterNetworkV6, compact);
        if (length > 0)
        {
            writer.WriteKey("peers6"u8);
            writer.WriteString(compact.AsSpan(0, length));
        }
        ArrayPool<byte>.Shared.Return(compact);
    }

    private static int Compact(ReadOnlySpan<TrackedPeer> peers, AddressFamily family, Span<byte> destination)
    {
        int length = 0;
        foreach (ref readonly TrackedPeer peer in peers)
        {
            if (peer.Key.Is(family))
                length += peer.Key.WriteCompact(destination[length..]);
        }
        return length;
    }

    private static void WriteDictionaries(BencodeWriter writer, ReadOnlySpan<TrackedPeer> peers, bool noPeerId)
    {
        writer.WriteStartList();
        foreach (ref readonly TrackedPeer peer in peers)
        {
            writer.WriteStartDictionary();
            writer.WriteKey("ip"u8);
            writer.WriteString(peer.Key.EndPoint.Address.ToString());
            if (!noPeerId)
            {
                writer.WriteKey("peer id"u8);
                writer.WriteString(peer.PeerId);
            }
            WriteNumber(writer, "port"u8, peer.Key.Port);
            writer.WriteEndDictionary();
        }
        writer.WriteEndList();
    }

    private void Scrape(ReadOnlySpan<byte> query, IBufferWriter<byte> output)
    {
        List<byte[]> hashes = TrackerQuery.ReadScrape(query, MaxScraped);
        if (hashes.Count == 0)
        {
            WriteFailure(output, "info_hash is missing or not 20 bytes long");
            return;
        }
        counters.CountScrape();
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        writer.WriteKey("files"u8);
        writer.WriteStartDictionary();
        foreach (byte[] hash in hashes)
        {
            if (!swarms.TryScrape(hash, out int seeders, out int leechers, out int downloads))
                continue;
            writer.WriteKey(hash);
            writer.WriteStartDictionary();
            WriteNumber(writer, "complete"u8, seeders);
            WriteNumber(writer, "downloaded"u8, downloads);
            WriteNumber(writer, "incomplete"u8, leechers);
            writer.WriteEndDictionary();
        }
        writer.WriteEndDictionary();
        writer.WriteEndDictionary();
    }

    private void List(ReadOnlySpan<byte> query, PeerKey from, IBufferWriter<byte> output)
    {
        IPAddress reader = from.EndPoint.Address;
        if (!(options.SwarmReaders?.Contains(reader) ?? AddressRules.ReachOfSource(reader) != AddressReach.World))
        {
            WriteFailure(output, "this tracker lists its peers only for machines near it, or in the networks that it is told");
            return;
        }

        List<byte[]> hashes = TrackerQuery.ReadScrape(query, 1);
        if (hashes.Count == 0)
            WriteFailure(output, "info_hash is missing or not 20 bytes long");
        else
            PeerListReply.Write(output, swarms.List(hashes[0]));
    }

    private static void WriteFailure(IBufferWriter<byte> output, string reason)
    {
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        writer.WriteKey("failure reason"u8);
        writer.WriteString(reason);
        writer.WriteEndDictionary();
    }

    private static void WriteNumber(BencodeWriter writer, ReadOnlySpan<byte> key, long value)
    {
        writer.WriteKey(key);
        writer.WriteInteger(value);
    }
}
