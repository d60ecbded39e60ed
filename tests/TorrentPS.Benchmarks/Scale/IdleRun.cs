namespace TorrentPS.Benchmarks.Scale;

/// <summary>The costs of an idle client.</summary>
internal sealed record IdleRun
{
    public double Seconds { get; init; }

    public double CpuSeconds { get; init; }

    public long WorkItems { get; init; }

    public long AllocatedBytes { get; init; }

    /// <summary>The managed heap after a collection.</summary>
    public long HeapBytes { get; init; }

    public long AnonymousBytes { get; init; }

    public int Threads { get; init; }

    public int Torrents { get; init; }

    public int Peers { get; init; }
}
