using TorrentPS.Engine.Errors;

namespace TorrentPS;

/// <summary>A download at one moment: while it runs, its progress; when it ended, its result.</summary>
public sealed record TorrentDownload
{
    /// <summary>The torrent's name.</summary>
    public required string Name { get; init; }

    /// <summary>The info hash in hexadecimal digits.</summary>
    public required string InfoHash { get; init; }

    /// <summary>What it is doing, or how it ended.</summary>
    public required TorrentState State { get; init; }

    /// <summary>Where the data is: the file, or the folder when there are several files.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes in the torrent.</summary>
    public long Length { get; init; }

    /// <summary>Bytes in the files that were asked for.</summary>
    public long BytesWanted { get; init; }

    /// <summary>Bytes of these that are verified and on disk.</summary>
    public long BytesCompleted { get; init; }

    /// <summary>
    /// Bytes of these that are verified and on disk without a gap, from the first one of the first file on, in the order of the torrent's files: as far as a file that is
    /// still being downloaded can be read.
    /// </summary>
    public long ContiguousBytes { get; init; }

    /// <summary>Bytes of these that were copied in this run from other data on this machine.</summary>
    public long BytesReused { get; init; }

    /// <summary>Bytes of piece data received in this run, wasted ones included.</summary>
    public long Downloaded { get; init; }

    /// <summary>Bytes of piece data sent in this run.</summary>
    public long Uploaded { get; init; }

    /// <summary>Bytes received in vain: twice, unasked or wrong.</summary>
    public long Wasted { get; init; }

    /// <summary>Bytes sent for each byte received; for each byte of the data where nothing was received.</summary>
    public double Ratio => Uploaded / (double)Math.Max(1, Downloaded > 0 ? Downloaded : BytesCompleted);

    /// <summary>How much of what was asked for is there, 0 to 100; 100 only when all of it is.</summary>
    public double PercentComplete => State == TorrentState.Resolving || (BytesWanted == 0 && ErrorId is not null) ? 0 : BytesCompleted >= BytesWanted ? 100 : Math.Min(99.99, Math.Floor(10000.0 * BytesCompleted / BytesWanted) / 100);

    /// <summary>Bytes received a second: now while it runs, the average when it ended.</summary>
    public long DownloadRate { get; init; }

    /// <summary>Bytes sent a second: now while it runs, the average when it ended.</summary>
    public long UploadRate { get; init; }

    /// <summary>Peers connected now, or at the end.</summary>
    public int PeersConnected { get; init; }

    /// <summary>Web seeds that data comes from now.</summary>
    public int WebSeedsActive { get; init; }

    /// <summary>Different peer addresses heard of.</summary>
    public int PeersSeen { get; init; }

    /// <summary>Since it started.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>How far <see cref="TorrentState.Checking"/> is, 0 to 100.</summary>
    public double PercentChecked { get; init; }

    /// <summary>How much of a magnet link's metadata is there while <see cref="TorrentState.Resolving"/>, 0 to 100.</summary>
    public double PercentResolved { get; init; }

    /// <summary>Why it is not complete; null when it is or still runs.</summary>
    public string? Error { get; init; }

    /// <summary>The identifier of <see cref="Error"/>.</summary>
    public TorrentErrorId? ErrorId { get; init; }

    /// <summary>The name and how it ended.</summary>
    public override string ToString() => $"{Name} {State}";
}
