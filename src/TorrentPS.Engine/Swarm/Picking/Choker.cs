namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Decides which peers to unchoke (BEP 3, "choking and optimistic unchoking"). While downloading: those that send us most, and one more in turn, so that new peers get a
/// chance. While seeding: all in turn, so that no peer waits forever and peers get different pieces first. Decided anew every ten seconds.
/// </summary>
internal sealed class Choker
{
    public const double RoundSeconds = 10;

    private const double OptimisticSeconds = 30;

    /// <summary>A seed ends a peer's turn after this time if others wait, or after one round if the peer has received <see cref="TurnBytes"/>.</summary>
    private const double TurnSeconds = 60;

    private const long TurnBytes = 16 << 20;

    private readonly Random _random;
    private double _nextTurnAt;
    private PeerState? _optimistic;

    public Choker(int slots, Random? random = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 2);
        Slots = slots;
        _random = random ?? Random.Shared;
    }

    /// <summary>The number of peers to unchoke.</summary>
    public int Slots { get; }

    /// <summary>Records that a peer was unchoked.</summary>
    public static void Begin(PeerState peer, double now)
    {
        peer.TurnBeganAt = now;
        peer.TurnBeganWith = peer.UploadRate.Total;
    }

    /// <summary>The peers to unchoke from now on.</summary>
    public HashSet<PeerState> Choose(IReadOnlyCollection<PeerState> peers, bool isSeeding, double now)
    {
        List<PeerState> interested = [.. peers.Where(peer => peer.IsInterestedInUs)];
        if (interested.Count <= Slots)
        {
            _optimistic = null;
            return [.. interested];
        }

        return isSeeding ? ByTurns(interested, now) : ByMerit(interested, now);
    }

    /// <summary>The interested peer that has waited longest for its turn; null if none waits.</summary>
    public static PeerState? Next(IReadOnlyCollection<PeerState> peers)
    {
        PeerState? next = null;
        foreach (PeerState peer in peers)
        {
            if (peer is { IsInterestedInUs: true, IsChokedByUs: true } && (next is null || peer.TurnBeganAt < next.TurnBeganAt))
                next = peer;
        }

        return next;
    }

    /// <summary>Whether a peer that has just become interested may be unchoked at once, because a slot is free.</summary>
    public bool HasFreeSlot(IReadOnlyCollection<PeerState> peers) =>
        peers.Count(peer => peer is { IsChokedByUs: false, IsInterestedInUs: true }) < Slots;

    private HashSet<PeerState> ByTurns(List<PeerState> interested, double now) =>
        [.. interested.OrderBy(peer => IsInTurn(peer, now) ? 0 : 1).ThenBy(peer => peer.TurnBeganAt).Take(Slots)];

    private static bool IsInTurn(PeerState peer, double now)
    {
        double lasted = now - peer.TurnBeganAt;
        return !peer.IsChokedByUs && lasted < TurnSeconds && (lasted < RoundSeconds || peer.UploadRate.Total - peer.TurnBeganWith < TurnBytes);
    }

    private HashSet<PeerState> ByMerit(List<PeerState> interested, double now)
    {
        // A peer that owes us blocks and sends none earns nothing (anti-snubbing).
        IEnumerable<PeerState> best = interested
            .OrderByDescending(peer => peer.IsSnubbed ? -1 : peer.Rate)
            .ThenByDescending(peer => !peer.IsChokedByUs)
            .Take(Slots - 1);
        HashSet<PeerState> chosen = [.. best];
        if (now >= _nextTurnAt || _optimistic is null || !interested.Contains(_optimistic) || chosen.Contains(_optimistic))
        {
            List<PeerState> others = [.. interested.Where(peer => !chosen.Contains(peer) && peer != _optimistic)];
            _optimistic = others.Count > 0 ? others[_random.Next(others.Count)] : _optimistic;
            _nextTurnAt = now + OptimisticSeconds;
        }

        if (_optimistic is not null)
            chosen.Add(_optimistic);
        return chosen;
    }
}
