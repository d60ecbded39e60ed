namespace TorrentPS.Benchmarks.Comparing;

/// <summary>The costs of one run of one client.</summary>
internal sealed record ClientRun
{
    public required string Client { get; init; }

    public int Round { get; init; }

    /// <summary>Seconds from the program's start to completion; when seeding, from the downloader's start to its completion.</summary>
    public double Seconds { get; init; }

    /// <summary>Seconds from its start to its end; null for clients that continue.</summary>
    public double? ExitSeconds { get; init; }

    /// <summary>User and system time up to completion, in seconds.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>The maximum of its anonymous memory; null if it was not measured.</summary>
    public long? AnonymousBytes { get; init; }

    /// <summary>Whether other programs used more than a tenth of a core meanwhile.</summary>
    public bool IsDisturbed { get; init; }

    /// <summary>The reason for a failure; null for success.</summary>
    public string? Problem { get; init; }
}
