using System.Buffers;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>
/// The torrents and peers of a tracker, within its limits. When a limit is reached, a client with fewer entries than others gets a place, and the one with most loses
/// one, so that no client can fill up the tracker for the others. Thread-safe.
/// </summary>
internal sealed class TrackerSwarms
{
    // The number of peers examined with each announce: all of a small torrent, a part of a large one; a timer examines the rest.
    private const int LooksAtOnce = 64;

    // The number of torrents or peers sampled to find one to evict; more samples if torrents differ much in size.
    private const int Draws = 32;
    private const int MaxDraws = 512;

    private static readonly TimeSpan s_shortestKept = TimeSpan.FromMinutes(1);

    private readonly TrackerServerOptions _options;
    private readonly HashSet<SwarmKey>? _allowed;
    private readonly long _begin;
    private readonly int _lifetime;
    private readonly Lock _lock = new();
    private readonly Dictionary<SwarmKey, TrackedSwarm> _swarms = [];
    private readonly List<TrackedSwarm> _list = []; // the same, for sampling
    private readonly TrackerLoads _loads = new();
    private readonly PeerChoice _choice = new();
    private int _largest = 1;
    private int _peers;

    public TrackerSwarms(TrackerServerOptions options)
    {
        _options = options;
        _allowed = options.AllowedTorrents is { } allowed ? [.. allowed.SelectMany(Keys)] : null;
        _begin = options.TimeProvider.GetTimestamp();
        // Clients do not come sooner than they want to, however short the interval: ours not within a minute where the tracker is not near. So a shorter interval makes them come
        // more often where they can, and is no reason to forget those that cannot.
        _lifetime = (int)(2 * (options.Interval > s_shortestKept ? options.Interval : s_shortestKept)).TotalSeconds;
    }

    public (int Torrents, int Peers) Counts
    {
        get
        {
            lock (_lock)
                return (_swarms.Count, _peers);
        }
    }

    // A hybrid torrent is announced by either hash (BEP 52, "Upgrade Path").
    private static IEnumerable<SwarmKey> Keys(InfoHash hash)
    {
        if (hash.HasV1)
            yield return SwarmKey.Create(hash.V1);
        if (hash.HasV2)
            yield return SwarmKey.Create(hash.V2);
    }

    private int Now => (int)_options.TimeProvider.GetElapsedTime(_begin).TotalSeconds;

    /// <summary>Records an announce and selects peers for the answer; returns an error text if it is refused.</summary>
    /// <param name="announce">The announce.</param>
    /// <param name="max">The maximum number of peers in the answer.</param>
    /// <param name="answer">The answer; the caller disposes it.</param>
    public string? Announce(in TrackerAnnounce announce, int max, out TrackerAnswer answer)
    {
        answer = default;
        var key = SwarmKey.Create(announce.InfoHash);
        if (_allowed?.Contains(key) == false)
            return "this torrent is not served here";
        bool isStopped = announce.Event == AnnounceEvent.Stopped;
        int wanted = isStopped ? 0 : Math.Min(announce.NumWant ?? TrackerServerOptions.DefaultPeers, Math.Min(max, _options.MaxPeersPerAnswer));
        int now = Now;
        lock (_lock)
        {
            if (!_swarms.TryGetValue(key, out TrackedSwarm? swarm))
            {
                if (isStopped)
                {
                    answer = new TrackerAnswer([], 0, 0, 0, 0);
                    return null;
                }
                if (_swarms.Count >= _options.MaxTorrents && !TryDropTorrent(announce.Key.Subscriber))
                    return "this tracker serves as many torrents as it can";
                Add(swarm = new TrackedSwarm(key, _loads));
            }
            _peers -= swarm.ForgetSome(now - _lifetime, LooksAtOnce);
            bool mayAdd = isStopped || swarm.Contains(announce.Key) || HasRoom(swarm, announce);
            int before = swarm.Count;
            int place = swarm.Update(announce, now, mayAdd);
            _peers += swarm.Count - before;
            _largest = Math.Max(_largest, swarm.Count);
            TrackedPeer[] chosen = ArrayPool<TrackedPeer>.Shared.Rent(wanted);
            int count = _choice.Choose(swarm, chosen.AsSpan(0, wanted), place, announce.IsSeeder, announce.Family, now - _lifetime);
            answer = new TrackerAnswer(chosen, count, swarm.Seeders, swarm.Leechers, swarm.Downloads);
            if (swarm.Count == 0)
                Remove(swarm);
        }
        return null;
    }

    private void Add(TrackedSwarm swarm)
    {
        swarm.Place = _list.Count;
        _list.Add(swarm);
        _swarms.Add(swarm.Key, swarm);
    }

    private void Remove(TrackedSwarm swarm)
    {
        _swarms.Remove(swarm.Key);
        TrackedSwarm last = _list[^1];
        _list[last.Place = swarm.Place] = last;
        _list.RemoveAt(_list.Count - 1);
    }

    /// <summary>Removes a torrent announced only by clients with more torrents than the new one's; of several, the one that was silent for longest.</summary>
    private bool TryDropTorrent(PeerKey subscriber)
    {
        EvictionChoice<TrackedSwarm> choice = new(_loads.Of(subscriber).Places);
        for (int i = 0; i < Draws; i++)
        {
            TrackedSwarm swarm = _list[Random.Shared.Next(_list.Count)];
            choice.Offer(swarm, swarm.LeastLoad(), swarm.LastSeen);
        }
        if (choice.Found is not { } found)
            return false;
        _peers -= found.Clear();
        Remove(found);
        return true;
    }

    /// <summary>Whether there is room for a new peer, or can be made, both in its torrent and in the tracker.</summary>
    private bool HasRoom(TrackedSwarm swarm, in TrackerAnnounce announce) =>
        (swarm.Count < _options.MaxPeersPerTorrent || TryDropPeer(swarm, announce)) && (_peers < _options.MaxPeers || TryDropPeer(announce.Key.Subscriber, swarm));

    /// <summary>Evicts a peer of the torrent whose subscriber has more peers in it than the newcomer's; of several, the one that was silent for longest.</summary>
    private bool TryDropPeer(TrackedSwarm swarm, in TrackerAnnounce announce)
    {
        EvictionChoice<int> choice = new(swarm.OfSubscriber(announce.Key, announce.IsSeeder));
        for (int i = 0; i < Draws; i++)
        {
            int place = Random.Shared.Next(swarm.Count);
            ref TrackedPeer peer = ref swarm[place];
            choice.Offer(place, swarm.OfSubscriber(peer.Key, peer.IsSeeder), peer.LastSeen);
        }
        if (!choice.IsFound)
            return false;
        swarm.RemoveAt(choice.Found);
        _peers--;
        return true;
    }

    /// <summary>
    /// Evicts a peer of any torrent whose subscriber has more peers in the tracker than the newcomer's; of several, the one that was silent for longest.
    /// </summary>
    private bool TryDropPeer(PeerKey subscriber, TrackedSwarm joined)
    {
        EvictionChoice<(TrackedSwarm Swarm, int Place)> choice = new(_loads.Of(subscriber).Peers);
        for (int i = 0, drawn = 0; i < MaxDraws && drawn < Draws; i++)
        {
            // Rejection sampling gives each peer the same probability: a torrent is skipped the more often, the smaller it is.
            TrackedSwarm swarm = _list[Random.Shared.Next(_list.Count)];
            int place = Random.Shared.Next(_largest);
            if (place >= swarm.Count)
                continue;
            drawn++;
            ref TrackedPeer peer = ref swarm[place];
            choice.Offer((swarm, place), _loads.Of(peer.Key.Subscriber).Peers, peer.LastSeen);
        }
        if (!choice.IsFound)
            return false;
        (TrackedSwarm found, int at) = choice.Found;
        found.RemoveAt(at);
        _peers--;
        if (found.Count == 0 && found != joined)
            Remove(found);
        return true;
    }

    /// <summary>The counts of a torrent; false if it is not known.</summary>
    public bool TryScrape(ReadOnlySpan<byte> infoHash, out int seeders, out int leechers, out int downloads)
    {
        (seeders, leechers, downloads) = (0, 0, 0);
        lock (_lock)
        {
            if (!_swarms.TryGetValue(SwarmKey.Create(infoHash), out TrackedSwarm? swarm))
                return false;
            _peers -= swarm.ForgetSome(Now - _lifetime, LooksAtOnce);
            (seeders, leechers, downloads) = (swarm.Seeders, swarm.Leechers, swarm.Downloads);
            return true;
        }
    }

    /// <summary>All peers of a torrent; none if it is not known.</summary>
    public ListedPeer[] List(ReadOnlySpan<byte> infoHash)
    {
        lock (_lock)
        {
            if (!_swarms.TryGetValue(SwarmKey.Create(infoHash), out TrackedSwarm? swarm))
                return [];
            int now = Now;
            var list = new List<ListedPeer>(swarm.Count);
            for (int place = 0; place < swarm.Count; place++)
            {
                ref TrackedPeer peer = ref swarm[place];
                if (peer.LastSeen >= now - _lifetime)
                    list.Add(new ListedPeer(peer.Key.EndPoint, ((ReadOnlySpan<byte>)peer.PeerId).ToArray(), peer.Left >= 0 ? peer.Left : null, TimeSpan.FromSeconds(now - peer.LastSeen)));
            }

            return [.. list];
        }
    }

    /// <summary>Removes peers that have been silent for two intervals, and torrents without peers.</summary>
    public void Forget()
    {
        int largest = 1;
        for (int i = int.MaxValue; i >= 0; i--)
        {
            // One torrent at a time, so that announces need not wait for all. From the end: a torrent that moves to a removed one's index has already been examined.
            lock (_lock)
            {
                i = Math.Min(i, _list.Count - 1);
                if (i < 0)
                    break;
                TrackedSwarm swarm = _list[i];
                _peers -= swarm.Forget(Now - _lifetime);
                largest = Math.Max(largest, swarm.Count);
                if (swarm.Count == 0)
                    Remove(swarm);
            }
        }
        lock (_lock)
        {
            _largest = largest;
            _loads.Trim();
        }
    }
}
