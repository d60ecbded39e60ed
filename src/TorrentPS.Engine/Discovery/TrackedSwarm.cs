using System.Net;
using System.Runtime.InteropServices;

namespace TorrentPS.Engine.Discovery;

/// <summary>The peers of one torrent that a tracker knows of; not safe for use from several threads.</summary>
internal sealed class TrackedSwarm
{
    private readonly List<Peer> _peers = [];
    private readonly Dictionary<IPEndPoint, int> _places = [];

    public int Seeders { get; private set; }

    public int Leechers => _peers.Count - Seeders;

    /// <summary>How many downloads were completed.</summary>
    public int Downloads { get; private set; }

    public int Count => _peers.Count;

    /// <summary>Adds or renews the peer that announces, or takes it off when it stops.</summary>
    public void Update(TrackerRequest request, DateTimeOffset now, int maxPeers)
    {
        bool isKnown = _places.TryGetValue(request.EndPoint, out int place);
        if (request.Event == AnnounceEvent.Stopped)
        {
            if (isKnown)
                RemoveAt(place);
            return;
        }
        bool isSeeder = request.Left == 0;
        if (request.Event == AnnounceEvent.Completed && !(isKnown && _peers[place].IsSeeder))
            Downloads++;
        var peer = new Peer(request.EndPoint, request.PeerId, isSeeder, now);
        if (isKnown)
        {
            Seeders -= _peers[place].IsSeeder ? 1 : 0;
            _peers[place] = peer;
        }
        else if (_peers.Count < maxPeers)
        {
            _places.Add(request.EndPoint, _peers.Count);
            _peers.Add(peer);
        }
        else
        {
            return;
        }
        Seeders += isSeeder ? 1 : 0;
    }

    /// <summary>Forgets the peers that were last heard of before a time.</summary>
    public void Forget(DateTimeOffset before)
    {
        for (int i = _peers.Count - 1; i >= 0; i--)
        {
            if (_peers[i].LastSeen < before)
                RemoveAt(i);
        }
    }

    /// <summary>Chooses peers for one that asks, by chance: not itself, and for a seeder no seeders.</summary>
    public List<Peer> Choose(TrackerRequest request, int count)
    {
        var chosen = new List<Peer>(Math.Min(count, _peers.Count));
        Span<Peer> peers = CollectionsMarshal.AsSpan(_peers);
        // The beginning of a Fisher-Yates shuffle, in place: the order means nothing.
        for (int i = 0; i < peers.Length && chosen.Count < count; i++)
        {
            int other = Random.Shared.Next(i, peers.Length);
            (peers[i], peers[other]) = (peers[other], peers[i]);
            _places[peers[i].EndPoint] = i;
            _places[peers[other].EndPoint] = other;
            if (!peers[i].EndPoint.Equals(request.EndPoint) && !(peers[i].IsSeeder && request.Left == 0))
                chosen.Add(peers[i]);
        }
        return chosen;
    }

    private void RemoveAt(int place)
    {
        Seeders -= _peers[place].IsSeeder ? 1 : 0;
        _places.Remove(_peers[place].EndPoint);
        int last = _peers.Count - 1;
        if (place != last)
        {
            _peers[place] = _peers[last];
            _places[_peers[place].EndPoint] = place;
        }
        _peers.RemoveAt(last);
    }

    internal readonly record struct Peer(IPEndPoint EndPoint, ReadOnlyMemory<byte> PeerId, bool IsSeeder, DateTimeOffset LastSeen);
}
