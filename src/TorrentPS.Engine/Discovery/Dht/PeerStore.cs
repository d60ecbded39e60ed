using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The peers that were announced to this node, with limits on everything.</summary>
internal sealed class PeerStore(TimeProvider time)
{
    /// <summary>The maximum number of torrents; the one with the fewest peers is evicted for another.</summary>
    public const int MaxTorrents = 2000;

    /// <summary>The maximum number of peers per torrent; the one announced longest ago is evicted for another.</summary>
    public const int MaxPeers = 500;

    /// <summary>The maximum number of peers per torrent and address, except for local addresses.</summary>
    public const int MaxPortsAtAddress = 4;

    /// <summary>The lifetime of an announce: clients repeat it every 15 to 30 minutes.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(45);

    private readonly Dictionary<NodeId, Dictionary<IPEndPoint, Entry>> _torrents = [];
    private long _sweptAt = time.GetTimestamp();

    public int TorrentCount => _torrents.Count;

    public void Add(NodeId infoHash, IPEndPoint peer, bool isSeed)
    {
        Sweep();
        if (!_torrents.TryGetValue(infoHash, out Dictionary<IPEndPoint, Entry>? peers))
        {
            if (_torrents.Count >= MaxTorrents)
                _torrents.Remove(_torrents.MinBy(torrent => torrent.Value.Count).Key);
            _torrents.Add(infoHash, peers = []);
        }

        if (!peers.ContainsKey(peer))
            MakeRoom(peers, peer.Address);
        peers[peer] = new Entry(time.GetTimestamp(), isSeed);
    }

    /// <summary>A random selection of a torrent's peers.</summary>
    /// <param name="infoHash">The torrent.</param>
    /// <param name="limit">The maximum number.</param>
    /// <param name="noSeeds">Whether to exclude seeds.</param>
    public List<IPEndPoint> Choose(NodeId infoHash, int limit, bool noSeeds)
    {
        var chosen = new List<IPEndPoint>();
        if (!_torrents.TryGetValue(infoHash, out Dictionary<IPEndPoint, Entry>? peers))
            return chosen;
        int seen = 0;
        foreach ((IPEndPoint peer, Entry entry) in peers)
        {
            if (time.GetElapsedTime(entry.AnnouncedAt) >= Lifetime || (noSeeds && entry.IsSeed))
                continue;
            // Reservoir sampling: each has the same probability, in one pass.
            int place = Random.Shared.Next(++seen);
            if (chosen.Count < limit)
                chosen.Add(peer);
            else if (place < limit)
                chosen[place] = peer;
        }

        return chosen;
    }

    private static void MakeRoom(Dictionary<IPEndPoint, Entry> peers, IPAddress address)
    {
        if (!DhtScope.IsLocal(address) && peers.Keys.Count(other => other.Address.Equals(address)) >= MaxPortsAtAddress)
            peers.Remove(peers.Where(entry => entry.Key.Address.Equals(address)).MinBy(entry => entry.Value.AnnouncedAt).Key);
        if (peers.Count >= MaxPeers)
            peers.Remove(peers.MinBy(entry => entry.Value.AnnouncedAt).Key);
    }

    private void Sweep()
    {
        if (time.GetElapsedTime(_sweptAt) < Lifetime / 9)
            return;
        _sweptAt = time.GetTimestamp();
        foreach ((NodeId infoHash, Dictionary<IPEndPoint, Entry> peers) in _torrents)
        {
            foreach ((IPEndPoint peer, Entry entry) in peers)
            {
                if (time.GetElapsedTime(entry.AnnouncedAt) >= Lifetime)
                    peers.Remove(peer);
            }

            if (peers.Count == 0)
                _torrents.Remove(infoHash);
        }
    }

    private readonly record struct Entry(long AnnouncedAt, bool IsSeed);
}
