namespace TorrentPS.Benchmarks.Crowd;

/// <summary>What to measure of a crowd.</summary>
internal sealed record CrowdOptions
{
    public long Size { get; init; }

    public int PieceLength { get; init; }

    /// <summary>Bytes a second that the seeder and each downloader send at most; 0 means no limit.</summary>
    public long UploadLimit { get; init; }

    public int Rounds { get; init; }

    public int Downloaders { get; init; }

    /// <summary>Whether those who are done go on uploading.</summary>
    public bool Stay { get; init; }

    public bool Markdown { get; init; }
}
