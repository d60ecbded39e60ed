using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS;

/// <summary>A tracker of a torrent, with its answer to a scrape (BEP 48).</summary>
public sealed record TorrentTracker
{
    /// <summary>The announce address.</summary>
    public required Uri Uri { get; init; }

    /// <summary>The tracker's tier, from 0 (BEP 12).</summary>
    public required int Tier { get; init; }

    /// <summary>The info hash of the torrent, in hexadecimal digits.</summary>
    public required string InfoHash { get; init; }

    /// <summary>The name of the torrent.</summary>
    public string? TorrentName { get; init; }

    /// <summary>Whether the tracker answered.</summary>
    public bool Succeeded => Error is null;

    /// <summary>The number of peers with complete data; null if the tracker did not answer.</summary>
    public int? Seeders { get; init; }

    /// <summary>The number of peers that are still downloading; null if the tracker did not answer.</summary>
    public int? Leechers { get; init; }

    /// <summary>The number of completed downloads reported to the tracker; null if it did not answer or does not count them.</summary>
    public int? Downloads { get; init; }

    /// <summary>The time from request to reply; null if the tracker did not answer.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>Why there are no counts; null if there are.</summary>
    public string? Error { get; init; }

    /// <summary>The identifier of <see cref="Error"/>.</summary>
    public TorrentErrorId? ErrorId { get; init; }

    /// <summary>The announce address, without a user's key.</summary>
    public override string ToString() => AddressText.Of(Uri);
}
