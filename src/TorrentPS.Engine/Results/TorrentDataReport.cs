using TorrentPS.Engine.Errors;

namespace TorrentPS;

/// <summary>The state of one file of a torrent on disk.</summary>
/// <remarks>
/// A torrent has hashes of pieces, not of files. If a bad piece contains parts of several files, any of them may be wrong: its bytes count as bad in each. <see
/// cref="BytesComplete"/>, <see cref="BytesBad"/>, <see cref="BytesMissing"/> and <see cref="BytesUnverified"/> add up to <see cref="Length"/>.
/// </remarks>
public sealed record TorrentDataReport
{
    /// <summary>The file's path in the torrent, with '/' between the parts.</summary>
    public required string Path { get; init; }

    /// <summary>The full path of the file on disk, even if it is missing.</summary>
    public required string FullName { get; init; }

    /// <summary>The size of the file according to the torrent.</summary>
    public required long Length { get; init; }

    /// <summary>The size of the file on disk; null if it is missing.</summary>
    public long? LengthOnDisk { get; init; }

    /// <summary>The state of the file.</summary>
    public required TorrentDataStatus Status { get; init; }

    /// <summary>Verified bytes of the file.</summary>
    public long BytesComplete { get; init; }

    /// <summary>Bytes of the file in pieces with a wrong hash.</summary>
    public long BytesBad { get; init; }

    /// <summary>Bytes of the file that are not on disk.</summary>
    public long BytesMissing { get; init; }

    /// <summary>Bytes of the file on disk, in pieces that cannot be checked because other bytes of them are missing or cannot be read.</summary>
    public long BytesUnverified { get; init; }

    /// <summary>The number of pieces that contain bytes of the file.</summary>
    public int PieceCount { get; init; }

    /// <summary>The number of these pieces with a wrong hash.</summary>
    public int PiecesBad { get; init; }

    /// <summary>The verified share of the file, 0 to 100; 100 only if the file is complete.</summary>
    public double PercentComplete =>
        Status == TorrentDataStatus.Missing ? 0 : BytesComplete >= Length ? 100 : Math.Min(99.99, Math.Floor(10000.0 * BytesComplete / Length) / 100);

    /// <summary>The index of the file in the torrent, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The torrent's name.</summary>
    public required string TorrentName { get; init; }

    /// <summary>The torrent's info hash in hexadecimal digits.</summary>
    public required string InfoHash { get; init; }

    /// <summary>Why the file cannot be read; null if it can.</summary>
    public string? Error { get; init; }

    /// <summary>The identifier of <see cref="Error"/>.</summary>
    public TorrentErrorId? ErrorId { get; init; }

    /// <summary>The path and the state.</summary>
    public override string ToString() => $"{Path} {Status}";
}
