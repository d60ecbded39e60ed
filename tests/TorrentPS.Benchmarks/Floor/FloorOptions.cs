using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Floor;

/// <summary>What to measure against the floor.</summary>
internal sealed record FloorOptions
{
    public long Size { get; init; }

    public int PieceLength { get; init; }

    public int Rounds { get; init; }

    /// <summary>Where downloads go; null means to memory where there is a place for it.</summary>
    public string? Destination { get; init; }

    public EncryptionMode Encryption { get; init; }

    public bool Markdown { get; init; }
}
