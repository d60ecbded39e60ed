namespace TorrentPS.Benchmarks.Scale;

/// <summary>The two downloads to compare.</summary>
internal sealed record PeersOptions
{
    public long Size { get; init; }

    public int PieceLength { get; init; }

    public int Rounds { get; init; }

    /// <summary>The destination of downloads; null means memory, if possible.</summary>
    public string? Destination { get; init; }

    public bool Markdown { get; init; }

    /// <summary>The first download's peers by their upload limits; 0 means none.</summary>
    public required long[] First { get; init; }

    public required long[] Second { get; init; }

    public required string SecondName { get; init; }
}
