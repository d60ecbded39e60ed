namespace TorrentPS.Engine.TrackerHosting;

/// <summary>
/// The peers of one kind in a torrent by subscriber, each with a ring of its peers; the peers themselves are in <see cref="TrackedSwarm"/>. Not thread-safe.
/// </summary>
internal sealed class TrackedSide
{
    private const int FirstCapacity = 4;

    private readonly Dictionary<PeerKey, int> _index = [];
    private Group[] _groups = new Group[FirstCapacity];

    /// <summary>The number of subscribers.</summary>
    public int Count { get; private set; }

    public ref Group this[int group] => ref _groups[group];

    /// <summary>The number of peers of a subscriber.</summary>
    public int PeersOf(PeerKey subscriber) => _index.TryGetValue(subscriber, out int group) ? _groups[group].Count : 0;

    /// <summary>Adds a peer to the ring of its subscriber. True if it is the first of the subscriber.</summary>
    public bool Add(TrackedPeer[] peers, int place)
    {
        ref TrackedPeer peer = ref peers[place];
        PeerKey subscriber = peer.Key.Subscriber;
        if (_index.TryGetValue(subscriber, out int group))
        {
            ref Group joined = ref _groups[group];
            ref TrackedPeer first = ref peers[joined.First];
            (peer.Next, peer.Previous) = (joined.First, first.Previous);
            peers[first.Previous].Next = place;
            first.Previous = place;
            joined.Count++;
            return false;
        }

        if (Count == _groups.Length)
            Array.Resize(ref _groups, Count * 2);
        (peer.Next, peer.Previous) = (place, place);
        _groups[Count] = new Group { Subscriber = subscriber, First = place, Count = 1 };
        _index.Add(subscriber, Count++);
        return true;
    }

    /// <summary>Removes a peer from its ring. True if it was the last of its subscriber.</summary>
    public bool Remove(TrackedPeer[] peers, int place)
    {
        ref TrackedPeer peer = ref peers[place];
        int group = _index[peer.Key.Subscriber];
        ref Group left = ref _groups[group];
        peers[peer.Previous].Next = peer.Next;
        peers[peer.Next].Previous = peer.Previous;
        if (left.First == place)
            left.First = peer.Next;
        if (--left.Count > 0)
            return false;
        _index.Remove(left.Subscriber);
        if (group < --Count)
        {
            left = _groups[Count];
            _index[left.Subscriber] = group;
        }

        if (_groups.Length > FirstCapacity && Count < _groups.Length / 4)
            Array.Resize(ref _groups, _groups.Length / 2);
        return true;
    }

    /// <summary>Updates the neighbours of a peer whose index has changed.</summary>
    public void Moved(TrackedPeer[] peers, int from, int to)
    {
        ref TrackedPeer peer = ref peers[to];
        if (peer.Next == from)
        {
            (peer.Next, peer.Previous) = (to, to);
        }
        else
        {
            peers[peer.Previous].Next = to;
            peers[peer.Next].Previous = to;
        }

        ref Group group = ref _groups[_index[peer.Key.Subscriber]];
        if (group.First == from)
            group.First = to;
    }

    /// <summary>The peers of one subscriber.</summary>
    public struct Group
    {
        public PeerKey Subscriber;

        /// <summary>The index of the peer to list next.</summary>
        public int First;

        public int Count;
    }
}
