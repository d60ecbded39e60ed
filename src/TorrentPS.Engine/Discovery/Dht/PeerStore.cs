using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The peers that others have announced to this node, with limits on everything.</summary>
internal sealed class PeerStore(TimeProvider time)
{
    /// <summary>Torrents at most; the one with the fewest peers makes way for another.</summary>
    public const int MaxTorrents = 2000;

    /// <summary>Peers of a torrent at most; the one announced longest ago makes way for another.</summary>
    public const int MaxPeers = 500;

    /// <summary>Peers of a torrent at one address at most, where addresses cost something.</summary>
    public const int MaxPortsAtAddress = 4;

    /// <summary>How long an announce is good for: clients repeat it every 15 to 30 minutes.</summary>
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

    /// <summary>Some of the peers of a torrent, by chance.</summary>
    /// <param name="infoHash">The torrent.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="noSeeds">Leaves out those that have all of the data.</param>
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
            // Reservoir sampling: each has the same chance, in one pass.
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
