using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery;

/// <summary>What a tracker knows and answers, without the connections. Safe for use from several threads.</summary>
internal sealed class TrackerService(TrackerServerOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<InfoHash, TrackedSwarm> _swarms = [];
    private readonly HashSet<InfoHash>? _allowed = options.AllowedTorrents is { } allowed ? [.. allowed] : null;
    private long _announces;
    private long _scrapes;

    public long Announces => Interlocked.Read(ref _announces);

    public long Scrapes => Interlocked.Read(ref _scrapes);

    public (int Torrents, int Peers) Counts
    {
        get
        {
            lock (_lock)
                return (_swarms.Count, _swarms.Values.Sum(swarm => swarm.Count));
        }
    }

    /// <summary>The answer to the target of a request; null where there is nothing.</summary>
    public byte[]? Answer(string target, IPAddress from)
    {
        var query = new TrackerQuery(target);
        return query.Path switch
        {
            "/announce" => Announce(query, from),
            "/scrape" => Scrape(query),
            _ => null,
        };
    }

    /// <summary>Forgets peers that have been silent for two intervals, and torrents without peers.</summary>
    public void Forget()
    {
        DateTimeOffset before = options.TimeProvider.GetUtcNow() - 2 * options.Interval;
        lock (_lock)
        {
            foreach ((InfoHash infoHash, TrackedSwarm swarm) in _swarms)
            {
                swarm.Forget(before);
                if (swarm.Count == 0)
                    _swarms.Remove(infoHash);
            }
        }
    }

    private byte[] Announce(TrackerQuery query, IPAddress from)
    {
        if (query.TryReadAnnounce(from, options.TrustsGivenAddress, out TrackerRequest request) is { } error)
            return Failure(error);
        if (_allowed?.Contains(request.InfoHash) == false)
            return Failure("this torrent is not served here");
        byte[] answer = Answer(request, from);
        Interlocked.Increment(ref _announces);
        options.OnAnnounce?.Invoke(request);
        return answer;
    }

    private byte[] Answer(TrackerRequest request, IPAddress from)
    {
        DateTimeOffset now = options.TimeProvider.GetUtcNow();
        List<TrackedSwarm.Peer> peers;
        int seeders, leechers, downloads;
        lock (_lock)
        {
            if (!_swarms.TryGetValue(request.InfoHash, out TrackedSwarm? swarm))
            {
                swarm = new TrackedSwarm();
                if (request.Event != AnnounceEvent.Stopped)
                {
                    if (_swarms.Count >= options.MaxTorrents)
                        return Failure("this tracker serves as many torrents as it can");
                    _swarms.Add(request.InfoHash, swarm);
                }
            }
            swarm.Forget(now - 2 * options.Interval);
            swarm.Update(request, now, options.MaxPeersPerTorrent);
            int count = request.Event == AnnounceEvent.Stopped ? 0 : Math.Min(request.NumWant ?? 50, options.MaxPeersPerAnswer);
            peers = swarm.Choose(request, count);
            (seeders, leechers, downloads) = (swarm.Seeders, swarm.Leechers, swarm.Downloads);
        }
        return WriteAnnounce(request, from, peers, (seeders, leechers, downloads));
    }

    private byte[] WriteAnnounce(TrackerRequest request, IPAddress from, List<TrackedSwarm.Peer> peers, (int Seeders, int Leechers, int Downloads) counts)
    {
        var output = new ArrayBufferWriter<byte>(256);
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        WriteNumber(writer, "complete"u8, counts.Seeders);
        WriteNumber(writer, "downloaded"u8, counts.Downloads);
        writer.WriteKey("external ip"u8);
        writer.WriteString(from.GetAddressBytes());
        WriteNumber(writer, "incomplete"u8, counts.Leechers);
        WriteNumber(writer, "interval"u8, (long)options.Interval.TotalSeconds);
        WriteNumber(writer, "min interval"u8, (long)options.MinInterval.TotalSeconds);
        writer.WriteKey("peers"u8);
        if (request.IsCompact)
        {
            writer.WriteString(Compact(peers, AddressFamily.InterNetwork));
            byte[] v6 = Compact(peers, AddressFamily.InterNetworkV6);
            if (v6.Length > 0)
            {
                writer.WriteKey("peers6"u8);
                writer.WriteString(v6);
            }
        }
        else
        {
            WriteDictionaries(writer, peers, request.NoPeerId);
        }
        writer.WriteEndDictionary();
        return output.WrittenSpan.ToArray();
    }

    private static void WriteDictionaries(BencodeWriter writer, List<TrackedSwarm.Peer> peers, bool noPeerId)
    {
        writer.WriteStartList();
        foreach (TrackedSwarm.Peer peer in peers)
        {
            writer.WriteStartDictionary();
            writer.WriteKey("ip"u8);
            writer.WriteString(peer.EndPoint.Address.ToString());
            if (!noPeerId)
            {
                writer.WriteKey("peer id"u8);
                writer.WriteString(peer.PeerId.Span);
            }
            WriteNumber(writer, "port"u8, peer.EndPoint.Port);
            writer.WriteEndDictionary();
        }
        writer.WriteEndList();
    }

    private static byte[] Compact(List<TrackedSwarm.Peer> peers, AddressFamily family)
    {
        var output = new ArrayBufferWriter<byte>(Math.Max(1, peers.Count * 18));
        foreach (TrackedSwarm.Peer peer in peers)
        {
            if (peer.EndPoint.AddressFamily != family)
                continue;
            Span<byte> span = output.GetSpan(18);
            peer.EndPoint.Address.TryWriteBytes(span, out int length);
            BinaryPrimitives.WriteUInt16BigEndian(span[length..], (ushort)peer.EndPoint.Port);
            output.Advance(length + 2);
        }
        return output.WrittenSpan.ToArray();
    }

    private byte[] Scrape(TrackerQuery query)
    {
        List<InfoHash> hashes = query.ReadScrape();
        if (hashes.Count == 0)
            return Failure("info_hash is missing or has not 20 bytes");
        Interlocked.Increment(ref _scrapes);
        var output = new ArrayBufferWriter<byte>(256);
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        writer.WriteKey("files"u8);
        writer.WriteStartDictionary();
        // Keys are sorted and unique (BEP 3), however they were asked for.
        hashes.Sort((a, b) => a.Wire.SequenceCompareTo(b.Wire));
        for (int i = 0; i < hashes.Count; i++)
        {
            if (i == 0 || hashes[i] != hashes[i - 1])
                WriteCounts(writer, hashes[i]);
        }
        writer.WriteEndDictionary();
        writer.WriteEndDictionary();
        return output.WrittenSpan.ToArray();
    }

    private void WriteCounts(BencodeWriter writer, InfoHash infoHash)
    {
        int seeders, leechers, downloads;
        lock (_lock)
        {
            if (!_swarms.TryGetValue(infoHash, out TrackedSwarm? swarm))
                return;
            swarm.Forget(options.TimeProvider.GetUtcNow() - 2 * options.Interval);
            (seeders, leechers, downloads) = (swarm.Seeders, swarm.Leechers, swarm.Downloads);
        }
        writer.WriteKey(infoHash.Wire);
        writer.WriteStartDictionary();
        WriteNumber(writer, "complete"u8, seeders);
        WriteNumber(writer, "downloaded"u8, downloads);
        WriteNumber(writer, "incomplete"u8, leechers);
        writer.WriteEndDictionary();
    }

    private static byte[] Failure(string reason)
    {
        var output = new ArrayBufferWriter<byte>(64);
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        writer.WriteKey("failure reason"u8);
        writer.WriteString(reason);
        writer.WriteEndDictionary();
        return output.WrittenSpan.ToArray();
    }

    private static void WriteNumber(BencodeWriter writer, ReadOnlySpan<byte> key, long value)
    {
        writer.WriteKey(key);
        writer.WriteInteger(value);
    }
}
