namespace TorrentPS.Benchmarks.Comparing;

/// <summary>What one run of one client cost.</summary>
internal sealed record ClientRun
{
    public required string Client { get; init; }

    public int Round { get; init; }

    /// <summary>Seconds from the program's start to completion; when seeding, from the downloader's start to its completion.</summary>
    public double Seconds { get; init; }

    /// <summary>Seconds from its start to its end; null for those that go on.</summary>
    public double? ExitSeconds { get; init; }

    /// <summary>User and system seconds up to completion.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>The most anonymous memory it was seen to have; null where it was not looked at.</summary>
    public long? AnonymousBytes { get; init; }

    /// <summary>Whether other programs used more than a tenth of a core meanwhile.</summary>
    public bool IsDisturbed { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public string? Problem { get; init; }
}
