using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Super-seeding (BEP 16): the only seed of a torrent shows itself as one that has nothing, and shows each peer only a few pieces, each to one
/// peer first. A peer is shown the next when another has got what it was given, so that those come first who pass on what they get, and one
/// copy, or little more, is uploaded until all pieces are among the peers. Belongs to the torrent's loop.
/// </summary>
internal sealed class SuperSeeding
{
    /// <summary>Pieces that a peer is shown at once, so that it has one to ask for while it gets the other.</summary>
    private const int AtOnce = 2;

    /// <summary>A peer that has got what it was shown waits no longer than this for others to get it too: perhaps they cannot reach each other.</summary>
    private const double PatienceSeconds = 10;

    /// <summary>A peer that says nothing of its pieces for this long has none.</summary>
    private const double SilenceSeconds = 1;

    private readonly Random _random;
    private readonly int[] _known; // of each piece the peers that have it, and those that were shown it
    private readonly int[] _fresh; // the pieces that no peer has or was shown, in no order, and behind them the others
    private readonly int[] _places; // where each piece stands in these
    private readonly Dictionary<PeerState, Guest> _guests = [];
    private readonly Dictionary<int, List<Guest>> _givers = []; // of each piece that is shown, and not seen at anybody else, those it was shown to
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

    /// <summary>Whether a peer may ask for a piece.</summary>
    public bool IsShown(PeerState peer, int piece) => _guests.TryGetValue(peer, out Guest? guest) && guest.Shown[piece];

    /// <summary>A peer is connected.</summary>
    public void Join(PeerState peer, double now) => _guests.Add(peer, new Guest(peer, _known.Length) { IdleSince = now, KnownAt = now + SilenceSeconds });

    /// <summary>A peer is gone: what it was shown, and what it had, may be with nobody now.</summary>
    public void Leave(PeerState peer)
    {
        if (!_guests.Remove(peer, out Guest? guest))
            return;
        Close(guest);
        Forget(guest.Shown);
        Forget(guest.Has);
    }

    /// <summary>A peer says all that it has.</summary>
    /// <returns>Whether it has got everything since it came.</returns>
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

    /// <summary>A peer has got a piece.</summary>
    /// <returns>Whether it has everything now.</returns>
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

    /// <summary>A peer that may have earned another piece since this was asked last; null when there is none. Of the others that is so by the clock alone.</summary>
    public PeerState? NextDue()
    {
        if (!_due.TryDequeue(out Guest? guest))
            return null;
        guest.IsDue = false;
        return guest.Peer;
    }

    /// <summary>The next piece to show a peer; -1 when it is to wait.</summary>
    public int Next(PeerState peer, double now)
    {
        if (!_guests.TryGetValue(peer, out Guest? guest) || now < guest.KnownAt)
            return -1;
        bool hasAll = guest.Open.TrueForAll(piece => guest.Has[piece]);
        bool isPatient = now - guest.IdleSince < PatienceSeconds;
        if (hasAll && (_guests.Count == 1 || !isPatient))
            Close(guest); // there is nobody to pass it on to
        if (guest.Open.Count >= AtOnce)
            return -1;
        int piece = _freshCount > 0 ? _fresh[_random.Next(_freshCount)] : -1;
        // What others have, or are getting, is theirs to pass on, unless they do not.
        if (piece < 0 && hasAll && !isPatient)
        {
            piece = Rarest(guest);
            guest.IdleSince = now; // also when there is none: it is not searched for all the time
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

    /// <summary>Of the pieces that a peer has not and knows nothing of, the one that fewest have or were shown; of several the first from a place taken by chance.</summary>
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
        public readonly List<int> Open = []; // shown, and not seen at anybody else

        /// <summary>When it was shown or has got something last.</summary>
        public double IdleSince;

        /// <summary>From when what it has is known.</summary>
        public double KnownAt;

        public bool HasSpoken;

        public bool IsDue;
    }
}
