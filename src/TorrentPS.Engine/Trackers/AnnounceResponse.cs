using System.Net;
using TorrentPS.Engine.Discovery;

namespace TorrentPS.Engine.Trackers;

/// <summary>What a tracker answered to an announce (BEP 3, 7, 23, 24).</summary>
internal sealed record AnnounceResponse
{
    /// <summary>Peers, each address once.</summary>
    public IReadOnlyList<DiscoveredPeer> Peers { get; init; } = [];

    /// <summary>How long to wait before the next announce; null where the tracker does not say, or says nothing sensible.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>How long to wait at least.</summary>
    public TimeSpan? MinInterval { get; init; }

    /// <summary>How many peers have everything.</summary>
    public int? Complete { get; init; }

    /// <summary>How many peers are still downloading.</summary>
    public int? Incomplete { get; init; }

    /// <summary>How many downloads were completed.</summary>
    public int? Downloaded { get; init; }

    /// <summary>What is to be sent back as <c>trackerid</c>; empty where there is none.</summary>
    public ReadOnlyMemory<byte> TrackerId { get; init; }

    /// <summary>What the tracker wants us to know though it answered.</summary>
    public string? Warning { get; init; }

    /// <summary>Our address as the tracker sees it (BEP 24).</summary>
    public IPAddress? ExternalAddress { get; init; }
}
