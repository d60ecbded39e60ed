using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>What to compare, and how.</summary>
internal sealed record CompareOptions
{
    public long Size { get; init; }

    public int PieceLength { get; init; }

    public int Seeders { get; init; }

    public int Rounds { get; init; }

    /// <summary>How long the way to the seeders and back takes; zero for loopback as it is.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Where downloads go; null means to memory.</summary>
    public string? Destination { get; init; }

    public EncryptionMode Encryption { get; init; }

    /// <summary>Whether the clients seed, rather than download.</summary>
    public bool IsSeeding { get; init; }

    /// <summary>The clients' names; empty means all that are installed.</summary>
    public IReadOnlyList<string> Clients { get; init; } = [];

    /// <summary>How long one run may take.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>How long to wait before each run for the machine to have nothing else to do.</summary>
    public TimeSpan CalmLimit { get; init; }

    /// <summary>Where torrentps is; null means where the build lays it out.</summary>
    public string? TorrentPSPath { get; init; }

    public bool Markdown { get; init; }
}
