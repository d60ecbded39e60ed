using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Floor;

/// <summary>The options of a comparison with the floor.</summary>
internal sealed record FloorOptions
{
    public long Size { get; init; }

    public int PieceLength { get; init; }

    public int Rounds { get; init; }

    /// <summary>The destination of downloads; null means memory, if possible.</summary>
    public string? Destination { get; init; }

    public EncryptionMode Encryption { get; init; }

    public bool Markdown { get; init; }
}
