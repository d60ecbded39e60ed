namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>What of a torrent's swarm is asked, and of which tracker.</summary>
public sealed record SwarmQueryOptions
{
    /// <summary>The announce addresses of the trackers to ask, in turn until one answers; empty for those of the torrent. An address for UDP stands for HTTP at the same port.</summary>
    public IReadOnlyList<Uri> Trackers { get; init; } = [];

    /// <summary>The time limit of each answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The number of machines with complete data to wait for; null asks once.</summary>
    public int? Until { get; init; }

    /// <summary>How long to wait for them; null for no limit.</summary>
    public TimeSpan? UntilTimeout { get; init; }

    /// <summary>The time between two questions while waiting.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Receives each answer while waiting; called from any thread.</summary>
    public Action<TorrentSwarm>? OnAnswer { get; init; }
}
