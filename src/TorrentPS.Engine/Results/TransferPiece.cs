namespace TorrentPS;

/// <summary>A piece of a transfer, as it is at one moment.</summary>
public sealed record TransferPiece
{
    /// <summary>Its number in the torrent, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Its length in bytes.</summary>
    public required int Length { get; init; }

    /// <summary>What it is to the transfer.</summary>
    public required PieceState State { get; init; }

    /// <summary>How many connected peers have it.</summary>
    public int Availability { get; init; }

    /// <summary>The time left until its deadline, negative when that has passed; null when it has none.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Its number and state.</summary>
    public override string ToString() => $"{Index} {State}";
}
