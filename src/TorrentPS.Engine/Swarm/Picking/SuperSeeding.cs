using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Super-seeding (BEP 16): the only seed of a torrent pretends to have nothing, and announces only a few pieces to each peer, each piece to one peer first. A peer is
/// shown the next piece when another peer has the last one, so that peers that upload come first, and little more than one copy is uploaded before all pieces are in the
/// swarm. Belongs to the torrent's loop.
/// </summary>
internal sealed class SuperSeeding
{
    /// <summary>The number of pieces shown to a peer at once, so that it can request one while it downloads another.</summary>
    private const int AtOnce = 2;

    /// <summary>
    /// The time after which a peer that has the pieces it was shown gets another even if no other peer has them: perhaps these peers cannot reach each other.
    /// </summary>
    private const double PatienceSeconds = 10;

    /// <summary>A peer that does not declare its pieces for this long has none.</summary>
    private const double SilenceSeconds = 1;

    private readonly Random _random;
    private readonly int[] _known; // for each piece, the number of peers that have it or were shown it
    private readonly int[] _fresh; // the pieces that no peer has or was shown, in no order, followed by the others
    private readonly int[] _places; // the index of each piece in it
    private readonly Dictionary<PeerState, Guest> _guests = [];
    private readonly Dictionary<int, List<Guest>> _givers = []; // for each piece that was shown and that no other peer has, the peers it was shown to
    private readonly Queue<Guest> _due = new();
    private int _freshCount;

    public SuperSeeding(int pieceCount, Random? random = null)
    {
        _random = random ?? new Random();
        _known = new int[pieceCount];
        _fresh = new int[pieceCount];
        _places = new int[pieceCount];
        _freshCount = pieceCount;
        for (int piece = 0; piece < pieceCount; piece++)
            _fresh[piece] = _places[piece] = piece;
    }

    /// <summary>Whether a piece was shown to a peer, so that it may request it.</summary>
    public bool IsShown(PeerState peer, int piece) => _guests.TryGetValue(peer, out Guest? guest) && guest.Shown[piece];

    /// <summary>A peer is connected.</summary>
    public void Join(PeerState peer, double now) => _guests.Add(peer, new Guest(peer, _known.Length) { IdleSince = now, KnownAt = now + SilenceSeconds });

    /// <summary>A peer left: the pieces it had or was shown may no longer be in the swarm.</summary>
    public void Leave(PeerState peer)
    {
        if (!_guests.Remove(peer, out Guest? guest))
            return;
        Close(guest);
        Forget(guest.Shown);
        Forget(guest.Has);
    }

    /// <summary>A peer declares all its pieces.</summary>
    /// <returns>Whether it has become complete since it connected.</returns>
    public bool Replace(PeerState peer, double now)
    {
        if (!_guests.TryGetValue(peer, out Guest? guest))
            return false;
        bool isNewSeed = guest.HasSpoken && peer.Pieces.IsFull;
        Forget(guest.Has);
        guest.Has.Clear();
        guest.HasSpoken = true;
        guest.KnownAt = now;
        foreach (int piece in peer.Pieces.All())
            Has(guest, piece, now);
        Note(guest);
        return isNewSeed;
    }

    /// <summary>A peer has a new piece.</summary>
    /// <returns>Whether it is complete now.</returns>
    public bool Has(PeerState peer, int piece, double now)
    {
        if (!_guests.TryGetValue(peer, out Guest? guest))
            return false;
        guest.HasSpoken = true;
        guest.KnownAt = Math.Min(guest.KnownAt, now);
        Has(guest, piece, now);
        Note(guest);
        return guest.Has.IsFull;
    }

    private void Has(Guest guest, int piece, double now)
    {
        if (!guest.Has.Add(piece))
            return;
        Know(piece);
        if (guest.Open.Contains(piece))
            guest.IdleSince = now;
        if (!_givers.TryGetValue(piece, out List<Guest>? givers))
            return;
        for (int i = givers.Count - 1; i >= 0; i--)
        {
            Guest giver = givers[i];
            if (giver == guest)
                continue;
            giver.Open.Remove(piece); // it was passed on
            givers.RemoveAt(i);
            Note(giver);
        }

        if (givers.Count == 0)
            _givers.Remove(piece);
    }

    /// <summary>A peer that may be due for another piece since the last call; null if there is none. For the other peers that depends only on the clock.</summary>
    public PeerState? NextDue()
    {
        if (!_due.TryDequeue(out Guest? guest))
            return null;
        guest.IsDue = false;
        return guest.Peer;
    }

    /// <summary>The next piece to show to a peer; -1 if it must wait.</summary>
    public int Next(PeerState peer, double now)
    {
        if (!_guests.TryGetValue(peer, out Guest? guest) || now < guest.KnownAt)
            return -1;
        bool hasAll = guest.Open.TrueForAll(piece => guest.Has[piece]);
        bool isPatient = now - guest.IdleSince < PatienceSeconds;
        if (hasAll && (_guests.Count == 1 || !isPatient))
            Close(guest); // no other peer needs it
        if (guest.Open.Count >= AtOnce)
            return -1;
        int piece = _freshCount > 0 ? _fresh[_random.Next(_freshCount)] : -1;
        // Pieces that other peers have, or are downloading, should come from them, unless they do not upload.
        if (piece < 0 && hasAll && !isPatient)
        {
            piece = Rarest(guest);
            guest.IdleSince = now; // also if there is none, so that it is not searched for all the time
        }

        if (piece < 0)
            return -1;
        guest.Open.Add(piece);
        if (!_givers.TryGetValue(piece, out List<Guest>? givers))
            _givers.Add(piece, givers = []);
        givers.Add(guest);
        guest.Shown.Add(piece);
        guest.IdleSince = now;
        Know(piece);
        return piece;
    }

    /// <summary>Of the pieces that a peer lacks and was not shown, the one that the fewest peers have or were shown; of several the first after a random index.</summary>
    private int Rarest(Guest guest)
    {
        int best = -1;
        int start = _random.Next(Math.Max(_known.Length, 1));
        for (int i = 0; i < _known.Length; i++)
        {
            int piece = start + i < _known.Length ? start + i : start + i - _known.Length;
            if (!guest.Has[piece] && !guest.Shown[piece] && (best < 0 || _known[piece] < _known[best]))
                best = piece;
        }

        return best;
    }

    private void Note(Guest guest)
    {
        if (guest.IsDue)
            return;
        guest.IsDue = true;
        _due.Enqueue(guest);
    }

    private void Close(Guest guest)
    {
        foreach (int piece in guest.Open)
        {
            List<Guest> givers = _givers[piece];
            givers.Remove(guest);
            if (givers.Count == 0)
                _givers.Remove(piece);
        }

        guest.Open.Clear();
    }

    private void Know(int piece)
    {
        if (_known[piece]++ == 0)
            Move(piece, --_freshCount);
    }

    private void Forget(Bitfield pieces)
    {
        foreach (int piece in pieces.All())
        {
            if (--_known[piece] == 0)
                Move(piece, _freshCount++);
        }
    }

    private void Move(int piece, int place)
    {
        int other = _fresh[place];
        (_fresh[place], _fresh[_places[piece]]) = (piece, other);
        (_places[other], _places[piece]) = (_places[piece], place);
    }

    private sealed class Guest(PeerState peer, int pieceCount)
    {
        public readonly PeerState Peer = peer;
        public readonly Bitfield Has = new(pieceCount);
        public readonly Bitfield Shown = new(pieceCount);
        public readonly List<int> Open = []; // shown, and not yet at any other peer

        /// <summary>When it was last shown a piece or received one.</summary>
        public double IdleSince;

        /// <summary>When its pieces became known.</summary>
        public double KnownAt;

        public bool HasSpoken;

        public bool IsDue;
    }
}
