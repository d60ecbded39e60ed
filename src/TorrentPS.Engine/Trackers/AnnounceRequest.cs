using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Trackers;

/// <summary>What an announce says (BEP 3, "trackers").</summary>
internal sealed record AnnounceRequest
{
    /// <summary>How many peers are asked for unless told otherwise.</summary>
    public const int DefaultNumWant = 200;

    public required InfoHash InfoHash { get; init; }

    /// <summary>Our peer id, 20 bytes.</summary>
    public required ReadOnlyMemory<byte> PeerId { get; init; }

    /// <summary>The port that we listen on.</summary>
    public required int Port { get; init; }

    public AnnounceStatistics Statistics { get; init; }

    public AnnounceEvent Event { get; init; }

    public int NumWant { get; init; } = DefaultNumWant;

    /// <summary>Tells us from others when our address changes; random, the same for a whole session.</summary>
    public uint Key { get; init; }

    /// <summary>What the tracker gave as its <c>tracker id</c>; sent back to it.</summary>
    public ReadOnlyMemory<byte> TrackerId { get; init; }

    /// <summary>Whether peer ids are of no use to us, so that the tracker may leave them out.</summary>
    public bool NoPeerId { get; init; }

    /// <summary>The address that others reach us at, where the user gave one: <c>ip</c>, or <c>ipv6</c> (BEP 7).</summary>
    public IPAddress? Address { get; init; }

    /// <summary>
    /// How long the caller waits before it cancels; null for as long as the tracker does by itself. What protocols without connections
    /// send again after a silence, they send again in good time before that.
    /// </summary>
    public TimeSpan? Patience { get; init; }

    /// <summary>Is called when the request has left, so that the tracker may know of us from now on; from any thread, more than once for a tracker with several addresses.</summary>
    public Action? Sent { get; init; }

    /// <summary>
    /// Is called with the answer of one address family while that of the other is still awaited (BEP 7); from any thread. What is
    /// returned in the end has these peers as well.
    /// </summary>
    public Action<AnnounceResponse>? PartReceived { get; init; }
}
