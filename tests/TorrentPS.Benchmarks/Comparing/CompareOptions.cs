using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>The subjects and conditions of a comparison.</summary>
internal sealed record CompareOptions
{
    public long Size { get; init; }

    public int PieceLength { get; init; }

    public int Seeders { get; init; }

    public int Rounds { get; init; }

    /// <summary>The round-trip time to the seeders; zero for that of loopback.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The destination of downloads; null means memory.</summary>
    public string? Destination { get; init; }

    public EncryptionMode Encryption { get; init; }

    /// <summary>Whether the clients seed, rather than download.</summary>
    public bool IsSeeding { get; init; }

    /// <summary>The clients' names; empty means all installed ones.</summary>
    public IReadOnlyList<string> Clients { get; init; } = [];

    /// <summary>The time limit of a run.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>The maximum wait for an idle machine before each run.</summary>
    public TimeSpan CalmLimit { get; init; }

    /// <summary>The path of torrentps; null means the build's output.</summary>
    public string? TorrentPSPath { get; init; }

    public bool Markdown { get; init; }
}
