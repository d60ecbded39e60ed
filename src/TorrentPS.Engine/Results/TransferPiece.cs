namespace TorrentPS;

/// <summary>A snapshot of a piece of a transfer.</summary>
public sealed record TransferPiece
{
    /// <summary>Its index in the torrent, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Its length in bytes.</summary>
    public required int Length { get; init; }

    /// <summary>Its state.</summary>
    public required PieceState State { get; init; }

    /// <summary>The number of connected peers that have it.</summary>
    public int Availability { get; init; }

    /// <summary>The time left until its deadline, negative if that has passed; null if it has none.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Its index and state.</summary>
    public override string ToString() => $"{Index} {State}";
}
