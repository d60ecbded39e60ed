using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// All known addresses in the order in which to try them: the best first, with increasing pauses after failures, and never when banned. Any event costs no more than an
/// operation on a heap, so that ten thousand addresses cost nothing while nothing happens.
/// </summary>
/// <param name="filter">The user's IP filter; null for none.</param>
internal sealed class PeerBook(IPFilter? filter = null)
{
    /// <summary>The maximum number of addresses; at the limit, those that failed are forgotten.</summary>
    public const int MaxCandidates = 10_000;

    /// <summary>The maximum number of addresses from peers, so that they never displace those from trackers.</summary>
    public const int MaxFromPeers = MaxCandidates / 2;

    /// <summary>
    /// The maximum number of ports per Internet address accepted from peers: more may be an attempt to make us attack it (BEP 11, "Security Considerations").
    /// </summary>
    public const int MaxPortsFromPeers = 4;

    private const int MaxFailures = 8;
    private const int MaxFailuresFromPeers = 3; // they are many, and most that fail once are unreachable
    private const double FirstPause = 5;
    private const double ManualPause = 1;
    private const double LongestPause = 600;
    private const double LongestManualPause = 30;
    private const double AfterLoss = 2;
    private const double AfterDuplicate = 300;
    private const double AfterGivenUp = 1800; // an address that trackers still return gets another chance
    private const int AfterViolation = 4; // it may be a temporary fault, but there is no hurry to retry
    private const int BansPerAddress = 3;

    private readonly Dictionary<IPEndPoint, PeerCandidate> _candidates = [];
    private readonly PriorityQueue<PeerCandidate, (double DueAt, long Order)> _waiting = new();
    private readonly PriorityQueue<PeerCandidate, CandidateRank> _due = new();
    private readonly Queue<PeerCandidate> _givenUp = new();
    private readonly Dictionary<IPAddress, int> _bans = [];
    private readonly HashSet<(IPAddress Subscriber, string PeerId)> _bannedIds = []; // by both, because a peer id alone can be forged
    private readonly Dictionary<IPAddress, int> _portsFromPeers = [];
    private readonly Dictionary<IPAddress, int> _portsOfComers = [];
    private readonly Dictionary<IPAddress, PeerTeller> _tellers = [];
    private readonly HashSet<IPEndPoint> _blocked = [];
    private long _order;
    private int _fromPeers;
    private int _blockedTold;
    private Func<IPEndPoint, uint>? _priority;

    /// <summary>The number of different addresses found, including forgotten ones and excluding our own.</summary>
    public int Seen { get; private set; }

    /// <summary>Whether we are complete, so that seeds are useless to us.</summary>
    public bool IsSeeding { get; set; }

    /// <summary>The number of addresses that the user's filter has blocked since the last call, without duplicates.</summary>
    public int TakeBlocked()
    {
        int news = _blocked.Count - _blockedTold;
        _blockedTold = _blocked.Count;
        return news;
    }

    /// <summary>Sets the function for canonical priorities (BEP 40), as soon as our own address is known.</summary>
    public void SetPriority(Func<IPEndPoint, uint> priority)
    {
        _priority = priority;
        foreach ((PeerCandidate candidate, CandidateRank rank) in Drain(_due))
        {
            if (rank.Order == candidate.Order)
                Ready(candidate);
        }
    }

    /// <summary>Adds an address; false if it is known, or cannot be that of a peer.</summary>
    public bool Add(IPEndPoint endPoint, PeerSource? source, double now)
    {
        endPoint = endPoint.Unmapped();
        if (_candidates.TryGetValue(endPoint, out PeerCandidate? known))
        {
            Confirm(known, source, now);
            return false;
        }

        if (!AddressRules.IsPeer(endPoint) || IsBlocked(endPoint) || !MakeRoom())
            return false;
        var candidate = new PeerCandidate(endPoint, source);
        _candidates.Add(endPoint, candidate);
        Seen++;
        Wait(candidate, now);
        return true;
    }

    /// <summary>Processes a peer exchange message (BEP 11), within the limits of the peer.</summary>
    /// <returns>The number of new addresses.</returns>
    /// <param name="from">The peer.</param>
    /// <param name="message">The added and dropped peers.</param>
    /// <param name="teller">The peer's account.</param>
    /// <param name="isOurs">Returns whether an address is our own.</param>
    /// <param name="now">The torrent's clock, in seconds.</param>
    public int Exchange(IPEndPoint from, PeerExchangeMessage message, PeerTeller teller, Predicate<IPEndPoint> isOurs, double now)
    {
        int taken = 0;
        foreach (ExchangedPeer named in message.Added)
        {
            IPEndPoint endPoint = named.EndPoint.Unmapped();
            if (AddressRules.MayName(from.Address, endPoint.Address) && !isOurs(endPoint) && AddFromPeer(endPoint, named.Flags, teller, now))
                taken++;
        }

        foreach (IPEndPoint gone in message.Dropped)
            DropFromPeer(gone.Unmapped(), teller);
        return taken;
    }

    /// <summary>Adds an address from a peer (BEP 11), within the limits for all peers and for this one; false if it is known, or not accepted.</summary>
    public bool AddFromPeer(IPEndPoint endPoint, PeerExchangeFlags flags, PeerTeller teller, double now)
    {
        if (_candidates.TryGetValue(endPoint, out PeerCandidate? known))
        {
            if (known.Source is null or PeerSource.PeerExchange && !known.IsBusy)
                known.Flags |= flags;
            return false;
        }

        bool isFar = AddressRules.ReachOf(endPoint.Address) == AddressReach.World;
        if (!teller.IsHeard || _fromPeers >= MaxFromPeers || (isFar && _portsFromPeers.GetValueOrDefault(endPoint.Address) >= MaxPortsFromPeers))
            return false;
        if (!Add(endPoint, PeerSource.PeerExchange, now))
            return false;
        PeerCandidate candidate = _candidates[endPoint];
        candidate.Flags = flags;
        candidate.IsSeed = flags.HasFlag(PeerExchangeFlags.Seed);
        candidate.Teller = teller;
        teller.Open++;
        teller.Named++;
        _fromPeers++;
        _portsFromPeers[endPoint.Address] = _portsFromPeers.GetValueOrDefault(endPoint.Address) + 1;
        return true;
    }

    /// <summary>Removes an address dropped by a peer, unless it was tried or another source named it.</summary>
    public void DropFromPeer(IPEndPoint endPoint, PeerTeller teller)
    {
        if (_candidates.TryGetValue(endPoint, out PeerCandidate? candidate) && candidate.Teller == teller && candidate is { IsBusy: false, Failures: 0 })
            Forget(candidate);
    }

    /// <summary>Adds the listening address of an incoming peer; per Internet address, no more ports than from peer exchange.</summary>
    /// <returns>The candidate; null if it is not accepted.</returns>
    public PeerCandidate? AddComer(IPEndPoint endPoint, double now)
    {
        if (_candidates.TryGetValue(endPoint, out PeerCandidate? known))
            return known;
        bool isFar = AddressRules.ReachOf(endPoint.Address) == AddressReach.World;
        if ((isFar && _portsOfComers.GetValueOrDefault(endPoint.Address) >= MaxPortsFromPeers) || !Add(endPoint, null, now))
            return null;
        if (_portsOfComers.Count >= MaxFromPeers)
            _portsOfComers.Clear();
        if (isFar)
            _portsOfComers[endPoint.Address] = _portsOfComers.GetValueOrDefault(endPoint.Address) + 1;
        return _candidates[endPoint];
    }

    /// <summary>The account of a peer that names others. In the local network, many peers may share an address.</summary>
    public PeerTeller TellerAt(IPEndPoint endPoint)
    {
        if (AddressRules.ReachOf(endPoint.Address) != AddressReach.World)
            return new PeerTeller();
        if (_tellers.TryGetValue(endPoint.Address, out PeerTeller? teller))
            return teller;
        teller = new PeerTeller();
        if (_tellers.Count < MaxCandidates)
            _tellers.Add(endPoint.Address, teller);
        return teller;
    }

    /// <summary>The candidate of an address; null if it is unknown.</summary>
    public PeerCandidate? Find(IPEndPoint endPoint) => _candidates.GetValueOrDefault(endPoint);

    /// <summary>Returns an address that was taken but not tried: it stays the next.</summary>
    public void PutBack(PeerCandidate candidate)
    {
        candidate.IsBusy = false;
        Ready(candidate);
    }

    /// <summary>Takes the best due address and marks it as busy; null if there is none.</summary>
    public PeerCandidate? Take(double now)
    {
        while (_waiting.TryPeek(out PeerCandidate? candidate, out (double DueAt, long Order) place) && place.DueAt <= now)
        {
            _waiting.Dequeue();
            if (place.Order == candidate.Order)
                Ready(candidate);
        }

        while (_due.TryDequeue(out PeerCandidate? candidate, out CandidateRank rank))
        {
            if (rank.Order != candidate.Order || candidate is { IsBanned: true } or { IsSpared: true } or { IsBusy: true } or { IsForgotten: true } || IsBanned(candidate.EndPoint) || (IsSeeding && candidate.IsSeed))
                continue;
            candidate.IsBusy = true;
            return candidate;
        }

        return null;
    }

    /// <summary>A connection was established, by either side.</summary>
    public void Connected(PeerCandidate candidate)
    {
        candidate.IsBusy = true;
        candidate.IsGivenUp = false;
        Release(candidate);
    }

    /// <summary>The connection attempt failed.</summary>
    public void Failed(PeerCandidate candidate, double now)
    {
        candidate.IsBusy = false;
        bool isManual = candidate.Source == PeerSource.Manual;
        candidate.Failures++;
        if (candidate.Failures >= (candidate.Teller is null ? MaxFailures : MaxFailuresFromPeers) && !isManual)
        {
            GiveUp(candidate, now);
            return;
        }

        double pause = (isManual ? ManualPause : FirstPause) * Math.Pow(2, Math.Min(candidate.Failures - 1, 20));
        Wait(candidate, now + Math.Min(pause, isManual ? LongestManualPause : LongestPause));
    }

    /// <summary>An established connection has ended.</summary>
    public void Lost(PeerCandidate candidate, double lasted, double now, bool violated = false)
    {
        candidate.IsBusy = false;
        if (lasted > 10)
            candidate.Failures = 0;
        candidate.Failures += violated ? AfterViolation : 1;
        Wait(candidate, now + Math.Min(AfterLoss * Math.Pow(2, Math.Min(candidate.Failures - 1, 20)), LongestPause));
    }

    /// <summary>The peer has another connection, or made room for another peer: if that ends, the address is worth another attempt.</summary>
    public void PutOff(PeerCandidate candidate, double now)
    {
        candidate.IsBusy = false;
        Wait(candidate, now + AfterDuplicate);
    }

    /// <summary>We ended the attempt or the connection without a fault of the peer: it may be tried again at once.</summary>
    public void Return(PeerCandidate candidate, double now)
    {
        candidate.IsBusy = false;
        Wait(candidate, now);
    }

    /// <summary>Neither side had anything for the other: the address is not used.</summary>
    public static void Spare(PeerCandidate candidate)
    {
        candidate.IsBusy = false;
        candidate.IsSpared = true;
    }

    /// <summary>We are no longer complete: complete peers may be dialled again.</summary>
    public void Reopen(double now)
    {
        IsSeeding = false;
        foreach (PeerCandidate candidate in _candidates.Values)
        {
            if (candidate is { IsSeed: false, IsSpared: false } or { IsBusy: true } or { IsBanned: true } or { IsGivenUp: true })
                continue;
            candidate.IsSpared = false;
            Return(candidate, now);
        }
    }

    /// <summary>The address is our own: trackers and the DHT return it like any other.</summary>
    public void DropSelf(PeerCandidate candidate)
    {
        Drop(candidate);
        Seen--;
    }

    /// <summary>The address should be left alone: the peer needs nothing and has nothing for us.</summary>
    public static void Drop(PeerCandidate candidate) => candidate.IsBanned = true;

    /// <summary>Bans an address for outgoing and incoming connections. An IP address with several banned ports is banned as a whole.</summary>
    public void Ban(IPEndPoint endPoint)
    {
        if (_candidates.TryGetValue(endPoint, out PeerCandidate? candidate))
            candidate.IsBanned = true;
        IPAddress subscriber = AddressRules.SubscriberOf(endPoint.Address);
        if (_bans.Count < MaxCandidates || _bans.ContainsKey(subscriber))
            _bans[subscriber] = _bans.GetValueOrDefault(subscriber) + 1;
    }

    /// <summary>Whether connections from an IP address are refused. Loopback never is, because many peers share it.</summary>
    public bool IsBanned(IPEndPoint endPoint) =>
        !IPAddress.IsLoopback(endPoint.Address) && _bans.GetValueOrDefault(AddressRules.SubscriberOf(endPoint.Address)) >= BansPerAddress;

    /// <summary>Bans a peer from connecting again: by address and id. False if it was already banned.</summary>
    public bool Ban(IPEndPoint endPoint, ReadOnlySpan<byte> peerId) => _bannedIds.Count >= MaxCandidates || _bannedIds.Add(Identity(endPoint, peerId));

    /// <summary>Whether a peer is refused.</summary>
    public bool IsBanned(IPEndPoint endPoint, ReadOnlySpan<byte> peerId) => _bannedIds.Contains(Identity(endPoint, peerId));

    private static (IPAddress Subscriber, string PeerId) Identity(IPEndPoint endPoint, ReadOnlySpan<byte> peerId) => (AddressRules.SubscriberOf(endPoint.Address), Convert.ToHexString(peerId));

    private bool IsBlocked(IPEndPoint endPoint)
    {
        if (filter?.Blocks(endPoint.Address) is not true)
            return false;
        if (_blocked.Count < MaxCandidates)
            _blocked.Add(endPoint);
        return true;
    }

    /// <summary>A known address was returned again.</summary>
    private void Confirm(PeerCandidate candidate, PeerSource? source, double now)
    {
        if (source is null)
            return;
        Release(candidate);
        bool isManual = source == PeerSource.Manual && candidate.Source != PeerSource.Manual;
        if (isManual || candidate.Source is null or PeerSource.PeerExchange)
            candidate.Source = source;
        if (candidate.IsBusy || (!isManual && !(candidate.IsGivenUp && now - candidate.GivenUpAt >= AfterGivenUp)))
            return;
        candidate.IsGivenUp = false;
        candidate.Failures = Math.Min(candidate.Failures, MaxFailures - 1);
        Wait(candidate, now);
    }

    /// <summary>The address no longer depends on one peer only.</summary>
    private void Release(PeerCandidate candidate)
    {
        if (candidate.Teller is not { } teller)
            return;
        candidate.Teller = null;
        teller.Open--;
        _fromPeers--;
        if (_portsFromPeers.TryGetValue(candidate.EndPoint.Address, out int ports) && ports > 1)
            _portsFromPeers[candidate.EndPoint.Address] = ports - 1;
        else
            _portsFromPeers.Remove(candidate.EndPoint.Address);
    }

    private void GiveUp(PeerCandidate candidate, double now)
    {
        if (candidate.Teller is not null)
        {
            Forget(candidate); // no other source knew it
            return;
        }

        candidate.Order = ++_order; // invalidates old entries in the queues
        candidate.IsGivenUp = true;
        candidate.GivenUpAt = now;
        _givenUp.Enqueue(candidate);
    }

    private void Forget(PeerCandidate candidate)
    {
        Release(candidate);
        candidate.IsForgotten = true;
        _candidates.Remove(candidate.EndPoint);
    }

    /// <summary>Makes room for another address by forgetting one that failed; false if there is none.</summary>
    private bool MakeRoom()
    {
        while (_candidates.Count >= MaxCandidates)
        {
            if (!_givenUp.TryDequeue(out PeerCandidate? oldest))
                return false;
            if (oldest is { IsGivenUp: true, IsBusy: false, IsBanned: false, IsForgotten: false })
                Forget(oldest);
        }

        return true;
    }

    private void Wait(PeerCandidate candidate, double dueAt)
    {
        candidate.Order = ++_order;
        _waiting.Enqueue(candidate, (dueAt, candidate.Order));
    }

    private void Ready(PeerCandidate candidate) => _due.Enqueue(candidate, candidate.Rank(_priority?.Invoke(candidate.EndPoint) ?? 0));

    private static List<(PeerCandidate Candidate, CandidateRank Rank)> Drain(PriorityQueue<PeerCandidate, CandidateRank> queue)
    {
        List<(PeerCandidate, CandidateRank)> all = [.. queue.UnorderedItems];
        queue.Clear();
        return all;
    }
}
