namespace TorrentPS.Benchmarks.Scale;

/// <summary>Which two downloads to compare.</summary>
internal sealed record PeersOptions
{
    public long Size { get; init; }

    public int PieceLength { get; init; }

    public int Rounds { get; init; }

    /// <summary>Where downloads go; null means to memory where there is a place for it.</summary>
    public string? Destination { get; init; }

    public bool Markdown { get; init; }

    /// <summary>The first download's peers by their upload limits; 0 means none.</summary>
    public required long[] First { get; init; }

    public required long[] Second { get; init; }

    public required string SecondName { get; init; }
}
