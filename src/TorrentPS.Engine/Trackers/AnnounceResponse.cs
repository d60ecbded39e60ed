using System.Net;
using TorrentPS.Engine.Discovery;

namespace TorrentPS.Engine.Trackers;

/// <summary>A tracker's answer to an announce (BEP 3, 7, 23, 24).</summary>
internal sealed record AnnounceResponse
{
    /// <summary>The peers, without duplicate addresses.</summary>
    public IReadOnlyList<DiscoveredPeer> Peers { get; init; } = [];

    /// <summary>The time until the next announce; null if the tracker gives none, or an invalid one.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>The minimum time until the next announce.</summary>
    public TimeSpan? MinInterval { get; init; }

    /// <summary>Whether the tracker is on this machine or in a local network.</summary>
    public bool IsNear { get; init; }

    /// <summary>The number of peers with complete data.</summary>
    public int? Complete { get; init; }

    /// <summary>The number of peers that are still downloading.</summary>
    public int? Incomplete { get; init; }

    /// <summary>The number of completed downloads.</summary>
    public int? Downloaded { get; init; }

    /// <summary>The <c>trackerid</c> to send back; empty if there is none.</summary>
    public ReadOnlyMemory<byte> TrackerId { get; init; }

    /// <summary>A warning in the answer.</summary>
    public string? Warning { get; init; }

    /// <summary>Our address according to the tracker (BEP 24).</summary>
    public IPAddress? ExternalAddress { get; init; }
}
