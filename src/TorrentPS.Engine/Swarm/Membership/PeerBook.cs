using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// All addresses heard of, in the order in which they are to be tried: the best first, with longer and longer pauses after failures, and never
/// when banned. Whatever happens to an address costs no more than its place in a heap, so that ten thousand cost nothing while nothing happens.
/// </summary>
/// <param name="filter">The addresses that the user blocks; null blocks none.</param>
internal sealed class PeerBook(IPFilter? filter = null)
{
    /// <summary>Addresses kept; for more, those are forgotten that were tried in vain.</summary>
    public const int MaxCandidates = 10_000;

    /// <summary>Addresses kept of those that peers name, so that they never push out what trackers say.</summary>
    public const int MaxFromPeers = MaxCandidates / 2;

    /// <summary>Ports at one address in the Internet that are taken from peers: more may be meant to have us attack it (BEP 11, "Security Considerations").</summary>
    public const int MaxPortsFromPeers = 4;

    private const int MaxFailures = 8;
    private const int MaxFailuresFromPeers = 3; // they are many, and most that fail once are unreachable
    private const double FirstPause = 5;
    private const double ManualPause = 1;
    private const double LongestPause = 600;
    private const double LongestManualPause = 30;
    private const double AfterLoss = 2;
    private const double AfterDuplicate = 300;
    private const double AfterGivenUp = 1800; // one that trackers still name has another chance
    private const int AfterViolation = 4; // it may be a fault of the moment, but it is no peer to hurry back to
    private const int BansPerAddress = 3;

    private readonly Dictionary<IPEndPoint, PeerCandidate> _candidates = [];
    private readonly PriorityQueue<PeerCandidate, (double DueAt, long Order)> _waiting = new();
    private readonly PriorityQueue<PeerCandidate, CandidateRank> _due = new();
    private readonly Queue<PeerCandidate> _givenUp = new();
    private readonly Dictionary<IPAddress, int> _bans = [];
    private readonly HashSet<(IPAddress Subscriber, string PeerId)> _bannedIds = []; // by both: anybody can say that it is another
    private readonly Dictionary<IPAddress, int> _portsFromPeers = [];
    private readonly Dictionary<IPAddress, int> _portsOfComers = [];
    private readonly Dictionary<IPAddress, PeerTeller> _tellers = [];
    private readonly HashSet<IPEndPoint> _blocked = [];
    private long _order;
    private int _fromPeers;
    private int _blockedTold;
    private Func<IPEndPoint, uint>? _priority;

    /// <summary>Different addresses heard of, those forgotten included and our own left out.</summary>
    public int Seen { get; private set; }

    /// <summary>Whether we have everything, so that those who have everything too are of no use.</summary>
    public bool IsSeeding { get; set; }

    /// <summary>How many addresses the user's filter has kept out since this was last asked, each once.</summary>
    public int TakeBlocked()
    {
        int news = _blocked.Count - _blockedTold;
        _blockedTold = _blocked.Count;
        return news;
    }

    /// <summary>Says how to tell the canonical priority of an address (BEP 40), as soon as our own is known.</summary>
    public void SetPriority(Func<IPEndPoint, uint> priority)
    {
        _priority = priority;
        foreach ((PeerCandidate candidate, CandidateRank rank) in Drain(_due))
        {
            if (rank.Order == candidate.Order)
                Ready(candidate);
        }
    }

    /// <summary>Notes an address; false when it was known, or is no address of a peer.</summary>
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

    /// <summary>Takes what a peer tells of others (BEP 11), as far as it may name them.</summary>
    /// <returns>How many were new.</returns>
    /// <param name="from">The peer.</param>
    /// <param name="message">Who came and who went.</param>
    /// <param name="teller">The peer's account.</param>
    /// <param name="isOurs">Whether an address is our own.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
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

    /// <summary>Notes an address that a peer names (BEP 11), within what is taken from peers and from that one; false when it was known, or is not taken.</summary>
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

    /// <summary>Takes back what a peer has named: forgotten, unless it was tried or somebody else named it.</summary>
    public void DropFromPeer(IPEndPoint endPoint, PeerTeller teller)
    {
        if (_candidates.TryGetValue(endPoint, out PeerCandidate? candidate) && candidate.Teller == teller && candidate is { IsBusy: false, Failures: 0 })
            Forget(candidate);
    }

    /// <summary>Notes where a peer that connected to us says that it listens; no more ports at one address in the Internet than are taken from peers.</summary>
    /// <returns>What is known of the address; null when it is not taken.</returns>
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

    /// <summary>The account of one that names peers. Near by, many may share an address.</summary>
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

    /// <summary>What is known of an address; null when nothing is.</summary>
    public PeerCandidate? Find(IPEndPoint endPoint) => _candidates.GetValueOrDefault(endPoint);

    /// <summary>Gives back an address that was taken, and not tried: it is still the next.</summary>
    public void PutBack(PeerCandidate candidate)
    {
        candidate.IsBusy = false;
        Ready(candidate);
    }

    /// <summary>The best address that is due, now busy; null when none is.</summary>
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
            if (rank.Order != candidate.Order || candidate is { IsBanned: true } or { IsBusy: true } or { IsForgotten: true } || IsBanned(candidate.EndPoint) || (IsSeeding && candidate.IsSeed))
                continue;
            candidate.IsBusy = true;
            return candidate;
        }

        return null;
    }

    /// <summary>A connection with it has come about, whoever made it.</summary>
    public void Connected(PeerCandidate candidate)
    {
        candidate.IsBusy = true;
        candidate.IsGivenUp = false;
        Release(candidate);
    }

    /// <summary>No connection came about.</summary>
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

    /// <summary>A connection has ended that had worked.</summary>
    public void Lost(PeerCandidate candidate, double lasted, double now, bool violated = false)
    {
        candidate.IsBusy = false;
        if (lasted > 10)
            candidate.Failures = 0;
        candidate.Failures += violated ? AfterViolation : 1;
        Wait(candidate, now + Math.Min(AfterLoss * Math.Pow(2, Math.Min(candidate.Failures - 1, 20)), LongestPause));
    }

    /// <summary>The peer has another connection, or made room for another: should that end, the address is worth trying again.</summary>
    public void PutOff(PeerCandidate candidate, double now)
    {
        candidate.IsBusy = false;
        Wait(candidate, now + AfterDuplicate);
    }

    /// <summary>We gave up the attempt or the connection ourselves, for no fault of the peer: it may be tried again at once.</summary>
    public void Return(PeerCandidate candidate, double now)
    {
        candidate.IsBusy = false;
        Wait(candidate, now);
    }

    /// <summary>The address is our own: trackers and the DHT name it to us as to others.</summary>
    public void DropSelf(PeerCandidate candidate)
    {
        Drop(candidate);
        Seen--;
    }

    /// <summary>The address is one to leave alone: a peer that needs nothing and has nothing for us.</summary>
    public static void Drop(PeerCandidate candidate) => candidate.IsBanned = true;

    /// <summary>Never connects to or accepts the address again. An IP address with several banned ports is banned as a whole.</summary>
    public void Ban(IPEndPoint endPoint)
    {
        if (_candidates.TryGetValue(endPoint, out PeerCandidate? candidate))
            candidate.IsBanned = true;
        IPAddress subscriber = AddressRules.SubscriberOf(endPoint.Address);
        if (_bans.Count < MaxCandidates || _bans.ContainsKey(subscriber))
            _bans[subscriber] = _bans.GetValueOrDefault(subscriber) + 1;
    }

    /// <summary>Whether connections from an IP address are refused. Loopback never is: there, many peers share the address.</summary>
    public bool IsBanned(IPEndPoint endPoint) =>
        !IPAddress.IsLoopback(endPoint.Address) && _bans.GetValueOrDefault(AddressRules.SubscriberOf(endPoint.Address)) >= BansPerAddress;

    /// <summary>Never accepts a peer again: by its address and its id. False when that was said before.</summary>
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

    /// <summary>A known address was named again.</summary>
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

    /// <summary>The address no longer rests on one peer's word.</summary>
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
            Forget(candidate); // nobody else knew of it
            return;
        }

        candidate.Order = ++_order; // what is left in the queues does not count
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

    /// <summary>Makes room for one more, at the cost of one that was tried in vain; false when there is none such.</summary>
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
