namespace TorrentPS;

/// <summary>A snapshot of a file of a transfer.</summary>
public sealed record TransferFile
{
    /// <summary>Its index in the torrent, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Its path in the torrent, with '/' between the parts.</summary>
    public required string Path { get; init; }

    /// <summary>Its length in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>Its priority.</summary>
    public required FilePriority Priority { get; init; }

    /// <summary>The number of its verified bytes, in whole pieces.</summary>
    public long BytesCompleted { get; init; }

    /// <summary>The number of its verified bytes from the start without a gap: up to there, any program can read it during the download.</summary>
    public long ContiguousBytes { get; init; }

    /// <summary>Its verified part in percent, 0 to 100; 100 only if it is complete.</summary>
    public double PercentComplete => BytesCompleted >= Length ? 100 : Math.Min(99.99, Math.Floor(10000.0 * BytesCompleted / Length) / 100);

    /// <summary>Its path.</summary>
    public override string ToString() => Path;
}
