using System.Buffers;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery;

/// <summary>The torrents and peers that a tracker knows of, within its limits. Safe for use from several threads.</summary>
internal sealed class TrackerSwarms
{
    // So many peers are looked at with each announce: all of a small torrent, a part of a large one, of which a timer looks at the rest.
    private const int LooksAtOnce = 64;

    private readonly TrackerServerOptions _options;
    private readonly HashSet<SwarmKey>? _allowed;
    private readonly long _begin;
    private readonly int _lifetime;
    private readonly Lock _lock = new();
    private readonly Dictionary<SwarmKey, TrackedSwarm> _swarms = [];
    private ulong[] _marks = new ulong[16];
    private int _peers;

    public TrackerSwarms(TrackerServerOptions options)
    {
        _options = options;
        _allowed = options.AllowedTorrents is { } allowed ? [.. allowed.SelectMany(Keys)] : null;
        _begin = options.TimeProvider.GetTimestamp();
        _lifetime = (int)(2 * options.Interval).TotalSeconds;
    }

    public (int Torrents, int Peers) Counts
    {
        get
        {
            lock (_lock)
                return (_swarms.Count, _peers);
        }
    }

    // A torrent of both versions is announced by either hash (BEP 52, "Upgrade Path").
    private static IEnumerable<SwarmKey> Keys(InfoHash hash)
    {
        if (hash.HasV1)
            yield return SwarmKey.Create(hash.V1);
        if (hash.HasV2)
            yield return SwarmKey.Create(hash.V2);
    }

    private int Now => (int)_options.TimeProvider.GetElapsedTime(_begin).TotalSeconds;

    /// <summary>Notes an announce and chooses peers for the one who makes it; an error text where it is refused.</summary>
    /// <param name="announce">The announce.</param>
    /// <param name="max">How many peers the answer has room for.</param>
    /// <param name="answer">What to answer; the caller gives its peers back to the pool.</param>
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
                swarm = new TrackedSwarm();
                if (!isStopped && _swarms.Count >= _options.MaxTorrents)
                    return "this tracker serves as many torrents as it can";
                if (!isStopped)
                    _swarms.Add(key, swarm);
            }
            TrackedPeer[] chosen = ArrayPool<TrackedPeer>.Shared.Rent(wanted);
            int before = swarm.Count;
            swarm.ForgetSome(now - _lifetime, LooksAtOnce);
            int place = swarm.Update(announce, now, swarm.Count < _options.MaxPeersPerTorrent && _peers - before + swarm.Count < _options.MaxPeers);
            _peers += swarm.Count - before;
            if (_marks.Length * 64 < swarm.Count)
                _marks = new ulong[swarm.Count / 32];
            int count = swarm.Choose(chosen.AsSpan(0, wanted), place, announce.IsSeeder, announce.Family, now - _lifetime, _marks);
            answer = new TrackerAnswer(chosen, count, swarm.Seeders, swarm.Leechers, swarm.Downloads);
            if (swarm.Count == 0)
                _swarms.Remove(key);
        }
        return null;
    }

    /// <summary>The counts of a torrent; false for one that is not known.</summary>
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

    /// <summary>Forgets peers that have been silent for two intervals, and torrents without peers.</summary>
    public void Forget()
    {
        SwarmKey[] keys;
        lock (_lock)
            keys = [.. _swarms.Keys];
        foreach (SwarmKey key in keys)
        {
            // One torrent at a time, so that announces need not wait for all.
            lock (_lock)
            {
                if (!_swarms.TryGetValue(key, out TrackedSwarm? swarm))
                    continue;
                _peers -= swarm.Forget(Now - _lifetime);
                if (swarm.Count == 0)
                    _swarms.Remove(key);
            }
        }
    }
}
