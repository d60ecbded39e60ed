using System.Net.Sockets;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>The peers of one torrent in the tracker. Not thread-safe.</summary>
/// <param name="key">The torrent.</param>
/// <param name="loads">The load of each subscriber on the tracker.</param>
internal sealed class TrackedSwarm(SwarmKey key, TrackerLoads loads)
{
    private const int FirstCapacity = 4;
    private const int MaxLooks = 64;

    private readonly Dictionary<PeerKey, int> _places = [];
    private readonly TrackedSide?[] _sides = new TrackedSide?[4]; // leechers of IPv4, of IPv6, seeders of IPv4, of IPv6
    private TrackedPeer[] _peers = [];
    private int _hand;

    public SwarmKey Key => key;

    /// <summary>Its index among the tracker's torrents.</summary>
    public int Place { get; set; }

    /// <summary>The time of its last announce, in seconds of the tracker's clock.</summary>
    public int LastSeen { get; private set; }

    public int Count { get; private set; }

    public int Seeders { get; private set; }

    public int Leechers => Count - Seeders;

    /// <summary>The number of completed downloads.</summary>
    public int Downloads { get; private set; }

    public ref TrackedPeer this[int place] => ref _peers[place];

    public bool Contains(PeerKey peer) => _places.ContainsKey(peer);

    /// <summary>Adds or updates the announcing peer, or removes it if it stops. Returns its index, or -1.</summary>
    /// <param name="announce">The announce.</param>
    /// <param name="now">The time.</param>
    /// <param name="mayAdd">Whether there is room for another peer.</param>
    public int Update(in TrackerAnnounce announce, int now, bool mayAdd)
    {
        bool isKnown = _places.TryGetValue(announce.Key, out int place);
        if (announce.Event == AnnounceEvent.Stopped)
        {
            if (isKnown)
                RemoveAt(place);
            return -1;
        }
        if (announce.Event == AnnounceEvent.Completed && !(isKnown && _peers[place].IsSeeder))
            Downloads++;
        if (!isKnown && !mayAdd)
            return -1;
        if (!isKnown)
            place = Add(announce.Key, announce.Left ?? -1);
        else if (_peers[place].IsSeeder != announce.IsSeeder)
            Change(place, announce.Left ?? -1);
        else
            _peers[place].Left = announce.Left ?? -1;
        ref TrackedPeer peer = ref _peers[place];
        announce.PeerId.CopyTo(peer.PeerId);
        peer.LastSeen = LastSeen = now;
        return place;
    }

    /// <summary>Removes peers last heard from before a time, and releases memory after many removals. Returns their number.</summary>
    public int Forget(int before)
    {
        int forgotten = ForgetAll(before);
        if (_peers.Length > FirstCapacity && Count < _peers.Length / 4)
        {
            Array.Resize(ref _peers, Math.Max(FirstCapacity, Count * 2));
            _places.TrimExcess(Count * 2);
        }
        return forgotten;
    }

    /// <summary>
    /// Examines a few peers and removes those last heard from before a time. Continues where the last call ended. Returns their number.
    /// </summary>
    public int ForgetSome(int before, int looks)
    {
        if (Count <= looks)
            return ForgetAll(before);
        int count = Count;
        for (int i = 0; i < looks && Count > 0; i++)
        {
            if (_hand >= Count)
                _hand = 0;
            if (_peers[_hand].LastSeen < before)
                RemoveAt(_hand);
            else
                _hand++;
        }
        return count - Count;
    }

    /// <summary>Removes all peers. Returns their number.</summary>
    public int Clear() => ForgetAll(int.MaxValue);

    /// <summary>The peers of a kind and family; null if there are none.</summary>
    public TrackedSide? Side(bool isSeeder, bool isIPv4) => _sides[(isSeeder ? 2 : 0) + (isIPv4 ? 0 : 1)] is { Count: > 0 } side ? side : null;

    /// <summary>The number of peers of the same kind in the torrent from a peer's subscriber.</summary>
    public int OfSubscriber(PeerKey peer, bool isSeeder) => Side(isSeeder, peer.IsIPv4)?.PeersOf(peer.Subscriber) ?? 0;

    /// <summary>
    /// The lowest number of torrents of any of its subscribers: high if only clients with very many torrents announce it.
    /// </summary>
    public int LeastLoad()
    {
        int least = int.MaxValue, looks = MaxLooks;
        foreach (TrackedSide? side in _sides)
        {
            int count = side?.Count ?? 0;
            for (int i = 0; i < count && least > 1 && looks > 0; i++, looks--)
                least = Math.Min(least, loads.Of(side![i].Subscriber).Places);
        }
        return least;
    }

    /// <summary>Removes the peer at an index, to which the last one moves.</summary>
    public void RemoveAt(int place)
    {
        ref TrackedPeer peer = ref _peers[place];
        Leave(place);
        loads.RemovePeer(peer.Key.Subscriber);
        _places.Remove(peer.Key);
        int last = --Count;
        if (place == last)
            return;
        peer = _peers[last];
        _places[peer.Key] = place;
        SideOf(peer).Moved(_peers, last, place);
    }

    private int ForgetAll(int before)
    {
        int count = Count;
        for (int i = Count - 1; i >= 0; i--)
        {
            // The peer that moves to a removed one's index comes from behind it, and has already been examined.
            if (_peers[i].LastSeen < before)
                RemoveAt(i);
        }
        return count - Count;
    }

    private int Add(PeerKey peer, long left)
    {
        if (Count == _peers.Length)
            Array.Resize(ref _peers, Math.Max(FirstCapacity, Count * 2));
        int place = Count++;
        _peers[place].Key = peer;
        _places.Add(peer, place);
        loads.AddPeer(peer.Subscriber);
        Enter(place, left);
        return place;
    }

    private void Change(int place, long left)
    {
        Leave(place);
        Enter(place, left);
    }

    private void Enter(int place, long left)
    {
        ref TrackedPeer peer = ref _peers[place];
        peer.Left = left;
        Seeders += peer.IsSeeder ? 1 : 0;
        if (SideOf(peer).Add(_peers, place))
            loads.AddPlace(peer.Key.Subscriber);
    }

    private void Leave(int place)
    {
        ref TrackedPeer peer = ref _peers[place];
        Seeders -= peer.IsSeeder ? 1 : 0;
        if (SideOf(peer).Remove(_peers, place))
            loads.RemovePlace(peer.Key.Subscriber);
    }

    private TrackedSide SideOf(in TrackedPeer peer) => _sides[(peer.IsSeeder ? 2 : 0) + (peer.Key.IsIPv4 ? 0 : 1)] ??= new TrackedSide();
}
