using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm;

/// <summary>All addresses heard of, in the order in which they are to be tried: with longer and longer pauses after failures, and never when banned.</summary>
internal sealed class PeerBook
{
    /// <summary>Addresses kept; more are forgotten.</summary>
    public const int MaxCandidates = 10_000;

    private const int MaxFailures = 8;
    private const double FirstPause = 5;
    private const double ManualPause = 1;
    private const double LongestPause = 600;
    private const double LongestManualPause = 30;
    private const double AfterLoss = 2;
    private const double AfterDuplicate = 300;
    private const int AfterViolation = 4; // it may be a fault of the moment, but it is no peer to hurry back to
    private const int BansPerAddress = 3;

    private readonly Dictionary<IPEndPoint, PeerCandidate> _candidates = [];
    private readonly PriorityQueue<PeerCandidate, (double DueAt, long Order)> _waiting = new();
    private readonly Dictionary<IPAddress, int> _bans = [];
    private long _order;

    /// <summary>Different addresses heard of.</summary>
    public int Seen => _candidates.Count;

    /// <summary>Whether any address is free to be tried, now or later.</summary>
    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>Notes an address; false when it was known, or is no address of a peer.</summary>
    public bool Add(IPEndPoint endPoint, PeerSource source, double now)
    {
        endPoint = TcpPeerStream.Unmap(endPoint);
        if (_candidates.Count >= MaxCandidates || !IsUsable(endPoint) || _candidates.ContainsKey(endPoint))
            return false;
        var candidate = new PeerCandidate(endPoint, source);
        _candidates.Add(endPoint, candidate);
        Wait(candidate, now);
        return true;
    }

    /// <summary>The next address that is due, now busy; null when none is.</summary>
    public PeerCandidate? Take(double now)
    {
        while (_waiting.TryPeek(out PeerCandidate? candidate, out (double DueAt, long Order) place) && place.DueAt <= now)
        {
            _waiting.Dequeue();
            if (candidate.IsBanned || candidate.IsBusy || IsBanned(candidate.EndPoint))
                continue;
            candidate.IsBusy = true;
            return candidate;
        }

        return null;
    }

    /// <summary>No connection came about.</summary>
    public void Failed(PeerCandidate candidate, double now)
    {
        candidate.IsBusy = false;
        bool isManual = candidate.Source == PeerSource.Manual;
        candidate.Failures++;
        if (candidate.Failures >= MaxFailures && !isManual)
            return;
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

    /// <summary>The peer has another connection; should that end, the address is worth trying again.</summary>
    public void PutOff(PeerCandidate candidate, double now)
    {
        candidate.IsBusy = false;
        Wait(candidate, now + AfterDuplicate);
    }

    /// <summary>The address is one to leave alone: ourselves, or a peer that needs nothing and has nothing for us.</summary>
    public static void Drop(PeerCandidate candidate) => candidate.IsBanned = true;

    /// <summary>Never connects to or accepts the address again. An IP address with several banned ports is banned as a whole.</summary>
    public void Ban(IPEndPoint endPoint)
    {
        if (_candidates.TryGetValue(endPoint, out PeerCandidate? candidate))
            candidate.IsBanned = true;
        if (_bans.Count < MaxCandidates || _bans.ContainsKey(endPoint.Address))
            _bans[endPoint.Address] = _bans.GetValueOrDefault(endPoint.Address) + 1;
    }

    /// <summary>Whether connections from an IP address are refused. Loopback never is: there, many peers share the address.</summary>
    public bool IsBanned(IPEndPoint endPoint) =>
        !IPAddress.IsLoopback(endPoint.Address) && _bans.GetValueOrDefault(endPoint.Address) >= BansPerAddress;

    private void Wait(PeerCandidate candidate, double dueAt) => _waiting.Enqueue(candidate, (dueAt, _order++));

    private static bool IsUsable(IPEndPoint endPoint) =>
        endPoint.Port is > 0 and <= ushort.MaxValue
        && !endPoint.Address.Equals(IPAddress.Any) && !endPoint.Address.Equals(IPAddress.IPv6Any)
        && !endPoint.Address.IsIPv6Multicast
        && !(endPoint.AddressFamily == AddressFamily.InterNetwork && endPoint.Address.GetAddressBytes()[0] >= 224);
}
