using TorrentPS.Engine.Errors;

namespace TorrentPS;

/// <summary>A snapshot of a download: its progress while it runs, its result when it has ended.</summary>
public sealed record TorrentDownload
{
    /// <summary>The torrent's name.</summary>
    public required string Name { get; init; }

    /// <summary>The info hash in hexadecimal digits.</summary>
    public required string InfoHash { get; init; }

    /// <summary>The current activity, or how the download ended.</summary>
    public required TorrentState State { get; init; }

    /// <summary>The path of the data: the file, or the folder if there are several files.</summary>
    public required string Path { get; init; }

    /// <summary>The size of the torrent in bytes.</summary>
    public long Length { get; init; }

    /// <summary>The size of the selected files in bytes.</summary>
    public long BytesWanted { get; init; }

    /// <summary>Selected bytes that are verified and on disk.</summary>
    public long BytesCompleted { get; init; }

    /// <summary>
    /// Selected bytes that are verified and on disk without a gap, from the start of the first file in torrent order: how far a file can be read during the download.
    /// </summary>
    public long ContiguousBytes { get; init; }

    /// <summary>Selected bytes that were copied in this run from other data on this machine.</summary>
    public long BytesReused { get; init; }

    /// <summary>Bytes of piece data received in this run, including wasted ones.</summary>
    public long Downloaded { get; init; }

    /// <summary>Bytes of piece data sent in this run.</summary>
    public long Uploaded { get; init; }

    /// <summary>Bytes received that were duplicate, unrequested or wrong.</summary>
    public long Wasted { get; init; }

    /// <summary>Bytes sent per byte received, or per byte of the data if none was received.</summary>
    public double Ratio => Uploaded / (double)Math.Max(1, Downloaded > 0 ? Downloaded : BytesCompleted);

    /// <summary>Progress of the selected data, 0 to 100; 100 only if all of it is complete.</summary>
    public double PercentComplete => State == TorrentState.Resolving || (BytesWanted == 0 && ErrorId is not null) ? 0 : BytesCompleted >= BytesWanted ? 100 : Math.Min(99.99, Math.Floor(10000.0 * BytesCompleted / BytesWanted) / 100);

    /// <summary>Bytes received per second: the current rate while running, the average afterwards.</summary>
    public long DownloadRate { get; init; }

    /// <summary>Bytes sent per second: the current rate while running, the average afterwards.</summary>
    public long UploadRate { get; init; }

    /// <summary>Peers connected now, or at the end.</summary>
    public int PeersConnected { get; init; }

    /// <summary>Web seeds that are sending data now.</summary>
    public int WebSeedsActive { get; init; }

    /// <summary>The number of different peer addresses found.</summary>
    public int PeersSeen { get; init; }

    /// <summary>The time since the start; without the time that a complete download stays for other peers.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>When the selected data was complete; null if it is not.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Progress of <see cref="TorrentState.Checking"/>, 0 to 100.</summary>
    public double PercentChecked { get; init; }

    /// <summary>The share of a magnet link's metadata received while <see cref="TorrentState.Resolving"/>, 0 to 100.</summary>
    public double PercentResolved { get; init; }

    /// <summary>Why the download is not complete; null if it is complete or still running.</summary>
    public string? Error { get; init; }

    /// <summary>The identifier of <see cref="Error"/>.</summary>
    public TorrentErrorId? ErrorId { get; init; }

    /// <summary>The name and the state.</summary>
    public override string ToString() => $"{Name} {State}";
}
