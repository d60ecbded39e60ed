using TorrentPS.Engine.Errors;

namespace TorrentPS;

/// <summary>What the data of one file of a torrent is like on disk.</summary>
/// <remarks>
/// What a torrent has hashes of is pieces, not files. Of a bad piece that lies in several files, nobody can say which of them is wrong: its bytes count as bad in each.
/// <see cref="BytesComplete"/>, <see cref="BytesBad"/>, <see cref="BytesMissing"/> and <see cref="BytesUnverified"/> add up to <see cref="Length"/>.
/// </remarks>
public sealed record TorrentDataReport
{
    /// <summary>The file's path in the torrent, with '/' between the parts.</summary>
    public required string Path { get; init; }

    /// <summary>Where the file is on disk, or should be.</summary>
    public required string FullName { get; init; }

    /// <summary>Its size by the torrent.</summary>
    public required long Length { get; init; }

    /// <summary>Its size on disk; null when it is missing.</summary>
    public long? LengthOnDisk { get; init; }

    /// <summary>What it is like.</summary>
    public required TorrentDataStatus Status { get; init; }

    /// <summary>Bytes of it that are verified.</summary>
    public long BytesComplete { get; init; }

    /// <summary>Bytes of it in pieces with a wrong hash.</summary>
    public long BytesBad { get; init; }

    /// <summary>Bytes of it that are not on disk.</summary>
    public long BytesMissing { get; init; }

    /// <summary>Bytes of it that are on disk, but in pieces that cannot be checked, because other bytes of these are missing or cannot be read.</summary>
    public long BytesUnverified { get; init; }

    /// <summary>Pieces with bytes of it.</summary>
    public int PieceCount { get; init; }

    /// <summary>Pieces with bytes of it that have a wrong hash.</summary>
    public int PiecesBad { get; init; }

    /// <summary>How much of it is verified, 0 to 100; 100 only when all of it is.</summary>
    public double PercentComplete =>
        Status == TorrentDataStatus.Missing ? 0 : BytesComplete >= Length ? 100 : Math.Min(99.99, Math.Floor(10000.0 * BytesComplete / Length) / 100);

    /// <summary>Its place in the torrent, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The torrent's name.</summary>
    public required string TorrentName { get; init; }

    /// <summary>The torrent's info hash in hexadecimal digits.</summary>
    public required string InfoHash { get; init; }

    /// <summary>Why it cannot be read; null when it can.</summary>
    public string? Error { get; init; }

    /// <summary>The identifier of <see cref="Error"/>.</summary>
    public TorrentErrorId? ErrorId { get; init; }

    /// <summary>The path and what it is like.</summary>
    public override string ToString() => $"{Path} {Status}";
}
