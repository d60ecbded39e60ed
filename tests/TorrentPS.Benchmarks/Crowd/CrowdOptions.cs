namespace TorrentPS.Benchmarks.Crowd;

/// <summary>The options of a measurement with many clients.</summary>
internal sealed record CrowdOptions
{
    public long Size { get; init; }

    public int PieceLength { get; init; }

    /// <summary>The upload limit of the seeder and of each downloader in bytes per second; 0 means no limit.</summary>
    public long UploadLimit { get; init; }

    public int Rounds { get; init; }

    public int Downloaders { get; init; }

    /// <summary>Whether complete downloaders continue to upload.</summary>
    public bool Stay { get; init; }

    public bool Markdown { get; init; }
}
