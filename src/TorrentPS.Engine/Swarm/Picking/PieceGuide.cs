using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Chooses which of our pieces to suggest to a peer (BEP 6, "suggest piece"): the one that the fewest peers have or are getting from us. Peers see what others have, but
/// not what they are about to get: without suggestions of the sender, several request the same piece, while pieces that no peer has wait. A piece counts as on its way to
/// a peer for <see cref="ExpirySeconds"/> after it was suggested, requested or sent; if the peer does not announce it by then, it is suggested to another. Belongs to the
/// torrent's loop.
/// </summary>
internal sealed class PieceGuide
{
    /// <summary>The number of seconds without activity after which a piece no longer counts as on its way.</summary>
    public const double ExpirySeconds = 3;

    private readonly PieceOrder _order; // the pieces that we have
    private readonly Bitfield _lacking; // the pieces that could be sent to a peer, during a search
    private readonly Bitfield _have;
    private readonly Queue<PieceOnItsWay> _watched = new(); // the oldest first

    /// <param name="have">The pieces that we have.</param>
    /// <param name="random">Chooses among equally rare pieces.</param>
    public PieceGuide(Bitfield have, Random? random = null)
    {
        _have = have;
        _order = new PieceOrder(have.Length, random);
        _lacking = new Bitfield(have.Length);
        foreach (int piece in have.All())
            _order.Enqueue(piece);
    }

    /// <summary>We have a piece.</summary>
    public void Got(int piece) => _order.Enqueue(piece);

    /// <summary>We no longer have a piece.</summary>
    public void Lost(int piece) => _order.Dequeue(piece);

    /// <summary>Adds a peer with its pieces. A peer with all pieces is not counted.</summary>
    public void Add(PeerState peer)
    {
        if (!peer.Pieces.IsFull)
            _order.Add(peer.Pieces);
    }

    /// <summary>Undoes <see cref="Add"/>; no piece is on its way to the peer any more.</summary>
    public void Remove(PeerState peer)
    {
        for (int i = peer.OnTheirWay.Count - 1; i >= 0; i--)
            End(peer.OnTheirWay[i]);
        if (!peer.Pieces.IsFull)
            _order.Remove(peer.Pieces);
    }

    /// <summary>A peer has received a piece, which is already among its pieces.</summary>
    public void PeerHas(PeerState peer, int piece)
    {
        if (Find(peer, piece) is { } one)
            End(one);
        _order.Increment(piece);
        if (peer.Pieces.IsFull)
            _order.Remove(peer.Pieces);
    }

    /// <summary>A peer no longer has a piece, which is already removed from its pieces.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="piece">The piece.</param>
    /// <param name="wasFull">Whether it had all pieces, and so was not counted.</param>
    public void PeerLacks(PeerState peer, int piece, bool wasFull)
    {
        if (wasFull)
            _order.Add(peer.Pieces);
        else
            _order.Decrement(piece);
    }

    /// <summary>The number of pieces suggested to a peer that it has not requested yet.</summary>
    public static int Pending(PeerState peer)
    {
        int pending = 0;
        foreach (PieceOnItsWay one in peer.OnTheirWay)
            pending += one.IsAskedFor ? 0 : 1;
        return pending;
    }

    /// <summary>The piece to suggest to a peer, recorded as on its way to it; -1 if we have none that it lacks.</summary>
    public int Next(PeerState peer, double now)
    {
        Expire(now);
        _lacking.SetDifference(_have, peer.Pieces);
        foreach (PieceOnItsWay one in peer.OnTheirWay)
            _lacking.Remove(one.Piece);
        int piece = _order.Rarest(_lacking);
        if (piece >= 0)
            Note(peer, piece, now);
        return piece;
    }

    /// <summary>A peer requests a block of a piece.</summary>
    public void Asked(PeerState peer, int piece, double now) => See(peer, piece, now);

    /// <summary>Blocks of a piece are sent to a peer.</summary>
    public void Sent(PeerState peer, int piece, double now)
    {
        if (See(peer, piece, now) is { } one)
            one.IsBegun = true;
    }

    /// <summary>A peer's request for a piece is refused for now.</summary>
    public void Refused(PeerState peer, int piece)
    {
        if (Find(peer, piece) is { IsBegun: false } one)
            End(one);
    }

    private PieceOnItsWay? See(PeerState peer, int piece, double now)
    {
        if (peer.Pieces[piece])
            return null;
        PieceOnItsWay one = Find(peer, piece) ?? Note(peer, piece, now);
        one.IsAskedFor = true;
        one.SeenAt = now;
        return one;
    }

    /// <summary>Forgets pieces on their way that peers did not pursue.</summary>
    public void Expire(double now)
    {
        while (_watched.TryPeek(out PieceOnItsWay? oldest) && (oldest.IsEnded || now - oldest.WatchedAt >= ExpirySeconds))
        {
            _watched.Dequeue();
            if (oldest.IsEnded)
                continue;
            if (now - oldest.SeenAt >= ExpirySeconds)
            {
                End(oldest);
                continue;
            }

            oldest.WatchedAt = now;
            _watched.Enqueue(oldest);
        }
    }

    private static PieceOnItsWay? Find(PeerState peer, int piece)
    {
        for (int i = peer.OnTheirWay.Count - 1; i >= 0; i--)
        {
            if (peer.OnTheirWay[i].Piece == piece)
                return peer.OnTheirWay[i];
        }

        return null;
    }

    private PieceOnItsWay Note(PeerState peer, int piece, double now)
    {
        PieceOnItsWay one = new(peer, piece) { SeenAt = now, WatchedAt = now };
        peer.OnTheirWay.Add(one);
        _watched.Enqueue(one);
        _order.Increment(piece);
        return one;
    }

    private void End(PieceOnItsWay one)
    {
        one.IsEnded = true;
        one.Peer.OnTheirWay.Remove(one);
        _order.Decrement(one.Piece);
    }
}
