using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery;

/// <summary>
/// The peers of one torrent that a tracker knows of: those who download first, then those who have everything. Not safe for use from
/// several threads.
/// </summary>
internal sealed class TrackedSwarm
{
    private const int FirstCapacity = 4;

    private readonly Dictionary<PeerKey, int> _places = [];
    private TrackedPeer[] _peers = [];
    private int _hand;

    public int Count { get; private set; }

    public int Leechers { get; private set; }

    public int Seeders => Count - Leechers;

    /// <summary>How many downloads were completed.</summary>
    public int Downloads { get; private set; }

    /// <summary>Adds or renews the peer that announces, or takes it off when it stops. Its place; -1 when it has none.</summary>
    /// <param name="announce">What it says.</param>
    /// <param name="now">The time.</param>
    /// <param name="mayAdd">Whether there is room for one more.</param>
    public int Update(in TrackerAnnounce announce, int now, bool mayAdd)
    {
        bool isKnown = _places.TryGetValue(announce.Key, out int place);
        if (announce.Event == AnnounceEvent.Stopped)
        {
            if (isKnown)
                RemoveAt(place);
            return -1;
        }
        if (announce.Event == AnnounceEvent.Completed && !(isKnown && place >= Leechers))
            Downloads++;
        if (!isKnown && !mayAdd)
            return -1;
        place = isKnown ? Move(place, announce.IsSeeder) : Add(announce.Key, announce.IsSeeder);
        ref TrackedPeer peer = ref _peers[place];
        announce.PeerId.CopyTo(peer.PeerId);
        peer.LastSeen = now;
        return place;
    }

    /// <summary>Forgets the peers that were last heard of before a time, and gives memory back after many have gone. How many they were.</summary>
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
    /// Looks at a few peers, or at all when there are no more, and forgets those that were last heard of before a time. Goes on where it
    /// ended the last time. How many they were.
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

    /// <summary>Chooses peers by chance: not the one who asks, for a seeder no seeders, and none that has been silent for too long.</summary>
    /// <param name="chosen">Gets them.</param>
    /// <param name="self">The place of the one who asks; -1 for none.</param>
    /// <param name="isSeeder">Whether the one who asks has everything.</param>
    /// <param name="family">The family that is asked for.</param>
    /// <param name="before">What was last heard of before this is not chosen.</param>
    /// <param name="marks">Room for a bit for each peer, all of them clear; as they were afterwards.</param>
    public int Choose(Span<TrackedPeer> chosen, int self, bool isSeeder, AddressFamily family, int before, Span<ulong> marks)
    {
        int range = isSeeder ? Leechers : Count;
        // The one who asks is left out by closing the gap, which keeps the chances of the others the same.
        int gap = self >= 0 && self < range ? self : range;
        range -= gap < range ? 1 : 0;
        int count = 0;
        if (chosen.IsEmpty || range == 0)
            return 0;
        marks = marks[..((range + 63) / 64)];
        if (chosen.Length < range)
        {
            // As many different ones as are wanted, each with the same chance (Floyd's sample).
            for (int i = range - chosen.Length; i < range; i++)
            {
                int draw = Random.Shared.Next(i + 1);
                if (IsMarked(marks, draw))
                    draw = i;
                Mark(marks, draw);
                Take(draw < gap ? draw : draw + 1, chosen, ref count, family, before);
            }
        }
        // The rest in their order from a place by chance: all where few are known, or in place of those that were not of use.
        int begin = Random.Shared.Next(range);
        for (int i = 0; i < range && count < chosen.Length; i++)
        {
            int place = begin + i < range ? begin + i : begin + i - range;
            if (!IsMarked(marks, place))
                Take(place < gap ? place : place + 1, chosen, ref count, family, before);
        }
        marks.Clear();
        return count;
    }

    private int ForgetAll(int before)
    {
        int count = Count;
        for (int i = Count - 1; i >= 0; i--)
        {
            // What takes the place of one that goes comes from behind it, and has been looked at.
            if (_peers[i].LastSeen < before)
                RemoveAt(i);
        }
        return count - Count;
    }

    private void Take(int place, Span<TrackedPeer> chosen, ref int count, AddressFamily family, int before)
    {
        ref TrackedPeer peer = ref _peers[place];
        if (peer.LastSeen >= before && peer.Key.Is(family))
            chosen[count++] = peer;
    }

    private static bool IsMarked(Span<ulong> marks, int place) => (marks[place >> 6] & 1UL << place) != 0;

    private static void Mark(Span<ulong> marks, int place) => marks[place >> 6] |= 1UL << place;

    private int Add(PeerKey key, bool isSeeder)
    {
        if (Count == _peers.Length)
            Array.Resize(ref _peers, Math.Max(FirstCapacity, Count * 2));
        int place = Count++;
        _peers[place].Key = key;
        _places.Add(key, place);
        if (isSeeder)
            return place;
        Swap(place, Leechers);
        return Leechers++;
    }

    // Brings a peer to the side that it belongs to.
    private int Move(int place, bool isSeeder)
    {
        if (place >= Leechers == isSeeder)
            return place;
        int boundary = isSeeder ? --Leechers : Leechers++;
        Swap(place, boundary);
        return boundary;
    }

    private void RemoveAt(int place)
    {
        _places.Remove(_peers[place].Key);
        if (place < Leechers)
        {
            Leechers--;
            Replace(place, Leechers);
            place = Leechers;
        }
        Count--;
        Replace(place, Count);
    }

    private void Replace(int place, int by)
    {
        if (place == by)
            return;
        _peers[place] = _peers[by];
        _places[_peers[place].Key] = place;
    }

    private void Swap(int a, int b)
    {
        if (a == b)
            return;
        (_peers[a], _peers[b]) = (_peers[b], _peers[a]);
        _places[_peers[a].Key] = a;
        _places[_peers[b].Key] = b;
    }
}
