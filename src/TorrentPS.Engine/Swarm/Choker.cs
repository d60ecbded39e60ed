namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Decides which peers we send to (BEP 3, "choking and optimistic unchoking"): those that send us most, or, when we have everything, those that
/// take fastest; and one more by turns, so that newcomers get a chance. Decided anew every ten seconds; the turn lasts thirty.
/// </summary>
internal sealed class Choker
{
    public const double RoundSeconds = 10;

    private const double OptimisticSeconds = 30;

    private readonly Random _random;
    private double _nextTurnAt;
    private PeerState? _optimistic;

    public Choker(int slots, Random? random = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 2);
        Slots = slots;
        _random = random ?? Random.Shared;
    }

    /// <summary>How many peers we send to at once.</summary>
    public int Slots { get; }

    /// <summary>The peers to send to from now on.</summary>
    public HashSet<PeerState> Choose(IReadOnlyCollection<PeerState> peers, bool isSeeding, double now)
    {
        List<PeerState> interested = [.. peers.Where(peer => peer.IsInterestedInUs)];
        if (interested.Count <= Slots)
        {
            _optimistic = null;
            return [.. interested];
        }

        // A peer that owes us blocks and sends none earns nothing (anti-snubbing).
        IEnumerable<PeerState> best = interested
            .OrderByDescending(peer => isSeeding ? peer.UploadRate.PerSecond(now) : peer.IsSnubbed ? -1 : peer.Rate)
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

    /// <summary>Whether a peer that has just become interested may be sent to at once, because a slot is free.</summary>
    public bool HasFreeSlot(IReadOnlyCollection<PeerState> peers) =>
        peers.Count(peer => peer is { IsChokedByUs: false, IsInterestedInUs: true }) < Slots;
}
