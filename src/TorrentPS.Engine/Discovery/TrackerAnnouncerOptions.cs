using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery;

/// <summary>What the announces of one torrent are about.</summary>
internal sealed record TrackerAnnouncerOptions
{
    /// <summary>The trackers by tier (BEP 12).</summary>
    public required IReadOnlyList<IReadOnlyList<Uri>> Tiers { get; init; }

    public required InfoHash InfoHash { get; init; }

    /// <summary>Our peer id, 20 bytes.</summary>
    public required ReadOnlyMemory<byte> PeerId { get; init; }

    /// <summary>Gives the port that we listen on; called for every announce, from any thread.</summary>
    public required Func<int> Port { get; init; }

    /// <summary>Gives the counts; called for every announce, from any thread.</summary>
    public required Func<AnnounceStatistics> Statistics { get; init; }

    /// <summary>Gets the peers of every answer, known ones included; called from any thread.</summary>
    public required Action<IReadOnlyList<DiscoveredPeer>> PeersFound { get; init; }

    /// <summary>Makes the tracker for an address.</summary>
    public required Func<Uri, ITracker> CreateTracker { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Gets a line about what a tracker said; called from any thread.</summary>
    public Action<string>? Log { get; init; }
}
