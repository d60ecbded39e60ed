using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS;

/// <summary>A tracker of a torrent and what it answered to a scrape (BEP 48).</summary>
public sealed record TorrentTracker
{
    /// <summary>The announce address.</summary>
    public required Uri Uri { get; init; }

    /// <summary>Its tier, from 0 (BEP 12).</summary>
    public required int Tier { get; init; }

    /// <summary>The info hash of the torrent, in hexadecimal digits.</summary>
    public required string InfoHash { get; init; }

    /// <summary>The name of the torrent.</summary>
    public string? TorrentName { get; init; }

    /// <summary>Whether it answered.</summary>
    public bool Succeeded => Error is null;

    /// <summary>How many peers have everything; null when it did not answer.</summary>
    public int? Seeders { get; init; }

    /// <summary>How many peers are still downloading; null when it did not answer.</summary>
    public int? Leechers { get; init; }

    /// <summary>How often it was told of a completed download; null when it did not answer or does not count.</summary>
    public int? Downloads { get; init; }

    /// <summary>From the request to the reply; null when it did not answer.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>Why there are no counts; null when there are.</summary>
    public string? Error { get; init; }

    /// <summary>The identifier of <see cref="Error"/>.</summary>
    public TorrentErrorId? ErrorId { get; init; }

    /// <summary>The announce address as it is shown, without a user's key.</summary>
    public override string ToString() => AddressText.Of(Uri);
}
