namespace TorrentPS.Benchmarks.Floor;

/// <summary>What one receiver or one download cost; its own process tells it, start-up left out.</summary>
internal sealed record FloorRun
{
    public double Seconds { get; init; }

    public double CpuSeconds { get; init; }

    public long Bytes { get; init; }

    /// <summary>Bytes of pieces that came, those among them that were not needed or not good too.</summary>
    public long DownloadedBytes { get; init; }

    /// <summary>Bytes that were allocated on the managed heap.</summary>
    public long AllocatedBytes { get; init; }

    public int Collections { get; init; }

    /// <summary>Work items that the thread pool did: socket completions, and hops between threads.</summary>
    public long WorkItems { get; init; }

    /// <summary>How often a thread had to wait for a lock.</summary>
    public long LockContentions { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public string? Problem { get; init; }
}
