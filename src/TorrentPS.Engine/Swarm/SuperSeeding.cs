using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Super-seeding (BEP 16): the only seed of a torrent shows itself as one that has nothing, and shows each peer only a few pieces, each to one
/// peer first. A peer is shown the next when another has got what it was given, so that those come first who pass on what they get, and one
/// copy, or little more, is uploaded until all pieces are among the peers. Belongs to the torrent's loop.
/// </summary>
internal sealed class SuperSeeding(int pieceCount, Random? random = null)
{
    /// <summary>Pieces that a peer is shown at once, so that it has one to ask for while it gets the other.</summary>
    private const int AtOnce = 2;

    /// <summary>A peer that has got what it was shown waits no longer than this for others to get it too: perhaps they cannot reach each other.</summary>
    private const double PatienceSeconds = 10;

    /// <summary>A peer that says nothing of its pieces for this long has none.</summary>
    private const double SilenceSeconds = 1;

    private readonly Random _random = random ?? new Random();
    private readonly int[] _copies = new int[pieceCount]; // peers that have the piece
    private readonly int[] _shown = new int[pieceCount]; // peers that were shown it
    private readonly Dictionary<PeerState, Guest> _guests = [];

    /// <summary>Whether a peer may ask for a piece.</summary>
    public bool IsShown(PeerState peer, int piece) => _guests.TryGetValue(peer, out Guest? guest) && guest.Shown[piece];

    /// <summary>A peer is connected.</summary>
    public void Join(PeerState peer, double now) => _guests.Add(peer, new Guest(pieceCount) { IdleSince = now, KnownAt = now + SilenceSeconds });

    /// <summary>A peer is gone: what it was shown, and what it had, may be with nobody now.</summary>
    public void Leave(PeerState peer)
    {
        if (!_guests.Remove(peer, out Guest? guest))
            return;
        Count(_shown, guest.Shown, -1);
        Count(_copies, guest.Has, -1);
    }

    /// <summary>A peer says all that it has.</summary>
    /// <returns>Whether it has got everything since it came.</returns>
    public bool Replace(PeerState peer, double now)
    {
        if (!_guests.TryGetValue(peer, out Guest? guest))
            return false;
        bool isNewSeed = guest.HasSpoken && peer.Pieces.IsFull;
        Count(_copies, guest.Has, -1);
        guest.Has.Clear();
        guest.HasSpoken = true;
        guest.KnownAt = now;
        for (int piece = 0; piece < pieceCount; piece++)
        {
            if (peer.Pieces[piece])
                Has(peer, guest, piece, now);
        }

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
        Has(peer, guest, piece, now);
        return guest.Has.IsFull;
    }

    private void Has(PeerState peer, Guest guest, int piece, double now)
    {
        if (!guest.Has.Add(piece))
            return;
        _copies[piece]++;
        if (guest.Open.Contains(piece))
            guest.IdleSince = now;
        foreach ((PeerState other, Guest giver) in _guests)
        {
            if (other != peer)
                giver.Open.Remove(piece); // it was passed on
        }
    }

    /// <summary>The next piece to show a peer; -1 when it is to wait.</summary>
    public int Next(PeerState peer, double now)
    {
        if (!_guests.TryGetValue(peer, out Guest? guest) || now < guest.KnownAt)
            return -1;
        bool hasAll = guest.Open.TrueForAll(piece => guest.Has[piece]);
        bool isPatient = now - guest.IdleSince < PatienceSeconds;
        if (hasAll && (_guests.Count == 1 || !isPatient))
            guest.Open.Clear(); // there is nobody to pass it on to
        if (guest.Open.Count >= AtOnce)
            return -1;
        int piece = Rarest(guest);
        // What others have, or are getting, is theirs to pass on, unless they do not.
        if (piece < 0 || (_copies[piece] + _shown[piece] > 0 && (!hasAll || isPatient)))
            return -1;
        guest.Open.Add(piece);
        guest.Shown.Add(piece);
        guest.IdleSince = now;
        _shown[piece]++;
        return piece;
    }

    /// <summary>Of the pieces that a peer has not and knows nothing of, the one that fewest have or were shown; of several the first from a place taken by chance.</summary>
    private int Rarest(Guest guest)
    {
        int best = -1;
        int start = _random.Next(Math.Max(pieceCount, 1));
        for (int i = 0; i < pieceCount; i++)
        {
            int piece = start + i < pieceCount ? start + i : start + i - pieceCount;
            if (guest.Has[piece] || guest.Shown[piece])
                continue;
            if (best < 0 || _copies[piece] + _shown[piece] < _copies[best] + _shown[best])
                best = piece;
            if (_copies[best] + _shown[best] == 0)
                break;
        }

        return best;
    }

    private void Count(int[] counts, Bitfield pieces, int by)
    {
        for (int piece = 0; piece < pieceCount; piece++)
            counts[piece] += pieces[piece] ? by : 0;
    }

    private sealed class Guest(int pieceCount)
    {
        public readonly Bitfield Has = new(pieceCount);
        public readonly Bitfield Shown = new(pieceCount);
        public readonly List<int> Open = []; // shown, and not seen at anybody else

        /// <summary>When it was shown or has got something last.</summary>
        public double IdleSince;

        /// <summary>From when what it has is known.</summary>
        public double KnownAt;

        public bool HasSpoken;
    }
}
