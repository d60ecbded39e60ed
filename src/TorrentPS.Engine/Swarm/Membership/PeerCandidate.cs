using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>An address of a possible peer, with the results of earlier attempts.</summary>
internal sealed class PeerCandidate(IPEndPoint endPoint, PeerSource? source)
{
    public IPEndPoint EndPoint { get; } = endPoint;

    /// <summary>The best source that returned it; null for a peer that connected to us.</summary>
    public PeerSource? Source { get; set; } = source;

    /// <summary>The peer that named it, while no other source has confirmed it.</summary>
    public PeerTeller? Teller { get; set; }

    /// <summary>Whether a connection exists or is being made.</summary>
    public bool IsBusy { get; set; }

    public bool IsBanned { get; set; }

    /// <summary>Whether the connection was closed because neither side had anything for the other; while that lasts, the address is not used.</summary>
    public bool IsSpared { get; set; }

    /// <summary>Whether it failed so often that it is not tried any more.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Whether it is no longer in the book.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Whether it is complete or upload-only: of no use to a seed.</summary>
    public bool IsSeed { get; set; }

    /// <summary>The flags from peer exchange (BEP 11).</summary>
    public PeerExchangeFlags Flags { get; set; }

    /// <summary>Whether it accepted a TCP connection and closed it at once, as some uTP-only clients do: the next attempt uses uTP.</summary>
    public bool TriesUtp { get; set; }

    /// <summary>Whether to use the v2 hash of a hybrid torrent, because it did not answer to the v1 hash.</summary>
    public bool PrefersV2 { get; set; }

    /// <summary>Whether holepunching was already tried (BEP 55), which is done once.</summary>
    public bool WasPunched { get; set; }

    /// <summary>The number of failures since the last success.</summary>
    public int Failures { get; set; }

    /// <summary>Identifies its current entry in the queues; others are outdated.</summary>
    public long Order { get; set; }

    /// <summary>When it was given up, on the torrent's clock in seconds.</summary>
    public double GivenUpAt { get; set; }

    /// <summary>Its rank among the due addresses.</summary>
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
