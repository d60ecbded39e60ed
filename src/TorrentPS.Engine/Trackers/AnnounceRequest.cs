using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Trackers;

/// <summary>The contents of an announce (BEP 3, "trackers").</summary>
internal sealed record AnnounceRequest
{
    /// <summary>The default number of peers to request.</summary>
    public const int DefaultNumWant = 200;

    public required InfoHash InfoHash { get; init; }

    /// <summary>Our peer id, 20 bytes.</summary>
    public required ReadOnlyMemory<byte> PeerId { get; init; }

    /// <summary>The port that we listen on.</summary>
    public required int Port { get; init; }

    public AnnounceStatistics Statistics { get; init; }

    public AnnounceEvent Event { get; init; }

    public int NumWant { get; init; } = DefaultNumWant;

    /// <summary>Identifies us when our address changes; random, the same for a whole session.</summary>
    public uint Key { get; init; }

    /// <summary>The <c>tracker id</c> from the tracker's last answer.</summary>
    public ReadOnlyMemory<byte> TrackerId { get; init; }

    /// <summary>Whether the tracker may omit peer ids, which we do not need.</summary>
    public bool NoPeerId { get; init; }

    /// <summary>The address at which others reach us, if the user gave one: <c>ip</c>, or <c>ipv6</c> (BEP 7).</summary>
    public IPAddress? Address { get; init; }

    /// <summary>
    /// How long the caller waits before it cancels; null for the tracker's own time limit. Protocols without connections repeat a lost request in time before that.
    /// </summary>
    public TimeSpan? Patience { get; init; }

    /// <summary>
    /// Called when the request has been sent, so that the tracker may list us from now on; from any thread, more than once for a tracker with several addresses.
    /// </summary>
    public Action? Sent { get; init; }

    /// <summary>
    /// Called with the answer of one address family while the other is still pending (BEP 7); from any thread. The final result includes these peers.
    /// </summary>
    public Action<AnnounceResponse>? PartReceived { get; init; }
}
