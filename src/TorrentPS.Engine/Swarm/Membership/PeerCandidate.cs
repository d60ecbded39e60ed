using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>An address that a peer may be at, and what came of trying it.</summary>
internal sealed class PeerCandidate(IPEndPoint endPoint, PeerSource? source)
{
    public IPEndPoint EndPoint { get; } = endPoint;

    /// <summary>The best of the sources that named it; null for a peer that came to us by itself.</summary>
    public PeerSource? Source { get; set; } = source;

    /// <summary>The peer that named it, as long as it is nothing but what that peer says.</summary>
    public PeerTeller? Teller { get; set; }

    /// <summary>Whether there is a connection, or one is being made.</summary>
    public bool IsBusy { get; set; }

    public bool IsBanned { get; set; }

    /// <summary>Whether it was tried so often in vain that it is left alone.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Whether it is no longer in the book.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Whether it has everything, or says that it needs nothing: of no use to one that has everything as well.</summary>
    public bool IsSeed { get; set; }

    /// <summary>What another peer said of it (BEP 11).</summary>
    public PeerExchangeFlags Flags { get; set; }

    /// <summary>Whether it took a TCP connection and closed it without a word, as some do that want uTP: the next attempt goes over that.</summary>
    public bool TriesUtp { get; set; }

    /// <summary>Whether it is asked for a hybrid torrent by the v2 hash, since it did not answer to that of v1.</summary>
    public bool PrefersV2 { get; set; }

    /// <summary>Whether somebody was asked to bring us together with it, or has (BEP 55), which is done once.</summary>
    public bool WasPunched { get; set; }

    /// <summary>Attempts that failed since the last that succeeded.</summary>
    public int Failures { get; set; }

    /// <summary>Which of its entries in the queues counts; the others are left from before.</summary>
    public long Order { get; set; }

    /// <summary>When it was given up, in seconds of the torrent's clock.</summary>
    public double GivenUpAt { get; set; }

    /// <summary>Where it stands among those that are due.</summary>
    public CandidateRank Rank(uint priority) =>
        new(Failures, AddressRules.ReachOf(EndPoint.Address) == AddressReach.World, SourceRank, priority, Order);

    private int SourceRank => Source switch
    {
        PeerSource.Manual => 0,
        PeerSource.LocalDiscovery => 1,
        PeerSource.Tracker => 2,
        PeerSource.Dht => 3,
        PeerSource.PeerExchange when Flags.HasFlag(PeerExchangeFlags.Reachable) => 4,
        _ => 5,
    };
}
