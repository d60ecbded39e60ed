namespace TorrentPS;

/// <summary>A file of a transfer, as it is at one moment.</summary>
public sealed record TransferFile
{
    /// <summary>Its number in the torrent, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Its path in the torrent, with '/' between the parts.</summary>
    public required string Path { get; init; }

    /// <summary>Its length in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>How soon it is wanted.</summary>
    public required FilePriority Priority { get; init; }

    /// <summary>Verified bytes of it, by whole pieces.</summary>
    public long BytesCompleted { get; init; }

    /// <summary>Verified bytes from its first on without a gap: up to there, any program can read it during the download.</summary>
    public long ContiguousBytes { get; init; }

    /// <summary>How much of it is verified, 0 to 100; 100 only when all is.</summary>
    public double PercentComplete => BytesCompleted >= Length ? 100 : Math.Min(99.99, Math.Floor(10000.0 * BytesCompleted / Length) / 100);

    /// <summary>Its path.</summary>
    public override string ToString() => Path;
}
