namespace TorrentPS.Benchmarks.Floor;

/// <summary>The costs of one receiver or download, reported by its process, without start-up.</summary>
internal sealed record FloorRun
{
    public double Seconds { get; init; }

    public double CpuSeconds { get; init; }

    public long Bytes { get; init; }

    /// <summary>Bytes of pieces received, including unneeded and wrong ones.</summary>
    public long DownloadedBytes { get; init; }

    /// <summary>Bytes allocated on the managed heap.</summary>
    public long AllocatedBytes { get; init; }

    public int Collections { get; init; }

    /// <summary>Work items of the thread pool: socket completions, and hops between threads.</summary>
    public long WorkItems { get; init; }

    /// <summary>The number of waits for locks.</summary>
    public long LockContentions { get; init; }

    /// <summary>The reason for a failure; null for success.</summary>
    public string? Problem { get; init; }
}
