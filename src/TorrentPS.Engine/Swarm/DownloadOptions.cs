using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm;

/// <summary>What one download is to do.</summary>
public sealed record DownloadOptions
{
    /// <summary>The folder that the file or folder of the torrent goes into; made when missing.</summary>
    public required string Destination { get; init; }

    /// <summary>Wildcards (<c>*</c>, <c>?</c>, <c>[a-z]</c>) over the files' paths, whole or below the torrent's folder; empty means all files.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Wildcards over the files' paths of those not wanted.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>
    /// Files, and folders to look into, that may have some of the same data, such as another version: what has the right hashes is copied from them before anything is
    /// downloaded. They are only read.
    /// </summary>
    public IReadOnlyList<string> ReuseFrom { get; init; } = [];

    /// <summary>
    /// Whether the data of torrents that this one says to be similar to (BEP 38), or that say so of it, is used in the same way, where
    /// <see cref="TorrentClientOptions.StateFolder"/> knows where that is.
    /// </summary>
    public bool ReuseSimilar { get; init; } = true;

    /// <summary>Peers to connect to besides those that are discovered.</summary>
    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    /// <summary>More of them by host name: looked up while the download runs, all addresses of a name are tried.</summary>
    public IReadOnlyList<DnsEndPoint> PeerNames { get; init; } = [];

    /// <summary>Is told of what fails while the download goes on, such as a peer's name that has no address; called from any thread.</summary>
    public Action<TorrentException>? OnError { get; init; }

    /// <summary>Is told of what goes wrong and does not end it: another program has changed data that is served; called from any thread.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>The discoveries to use; null means all that the torrent allows.</summary>
    public IReadOnlyCollection<PeerSource>? Sources { get; init; }

    /// <summary>Whether the torrent's web seeds are asked, too (BEP 17, 19). They are neither peers nor discoveries: <see cref="Sources"/> does not matter to them.</summary>
    public bool UseWebSeeds { get; init; } = true;

    /// <summary>
    /// The TCP port that peers of this torrent may connect to, 1 to 65535; an error when another program has it. Null takes the one that the client
    /// listens on already, or <see cref="TorrentClientOptions.Port"/>.
    /// </summary>
    public int? Port { get; init; }

    /// <summary>Whether connections to peers of this torrent are encrypted; null takes the client's <see cref="TorrentClientOptions.Encryption"/>.</summary>
    public EncryptionMode? Encryption { get; init; }

    /// <summary>What connections to peers go over; null takes the client's <see cref="TorrentClientOptions.Transport"/>.</summary>
    public PeerTransport? Transport { get; init; }

    /// <summary>Peers connected at once, 1 to 10000.</summary>
    public int MaxPeers { get; init; } = 200;

    /// <summary>Bytes a second to receive at most; 0 means no limit.</summary>
    public long DownloadLimit { get; init; }

    /// <summary>Bytes a second to send at most; 0 means no limit.</summary>
    public long UploadLimit { get; init; }

    /// <summary>A limit on receiving that this download shares with the others that are given the same object, besides <see cref="DownloadLimit"/> and the client's.</summary>
    public RateLimit? SharedDownloadLimit { get; init; }

    /// <summary>A limit on sending that this download shares with the others that are given the same object, besides <see cref="UploadLimit"/> and the client's.</summary>
    public RateLimit? SharedUploadLimit { get; init; }

    /// <summary>
    /// Whether pieces are asked for from first to last, after those at the beginning and at the end of each file, where players look for an index.
    /// <see cref="TorrentDownload.ContiguousBytes"/> tells how far the data can be read meanwhile.
    /// </summary>
    public bool Sequential { get; init; }

    /// <summary>After completion, uploads until this many bytes were sent for each byte of the data; null does not seed for a ratio.</summary>
    public double? SeedRatio { get; init; }

    /// <summary>After completion, uploads this long; null does not seed for a time; <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> seeds until it is stopped.</summary>
    public TimeSpan? SeedTime { get; init; }

    /// <summary>The download ends as timed out after this; null means never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The download ends as stalled after this long without a new block; null means never.</summary>
    public TimeSpan? StallTimeout { get; init; }

    /// <summary>Whether everything on disk is hashed again, whatever was noted of it before.</summary>
    public bool Recheck { get; init; }

    /// <summary>
    /// Whether files that are where the torrent's belong, and that are not the torrent's, are overwritten; else the download ends with <see cref="TorrentErrorId.FileExists"/>
    /// before anything is written.
    /// </summary>
    public bool Overwrite { get; init; }

    /// <summary>Uploads data that must be complete and is never written; ends with <see cref="TorrentErrorId.DataMismatch"/> when it is not.</summary>
    public bool SeedOnly { get; init; }

    /// <summary>
    /// Whether, of data that is complete from the beginning, each piece is shown to one peer first, so that one copy, or little more, is uploaded until all pieces are
    /// among the peers (BEP 16). For the only seed of a new torrent: where there are others, all get it sooner without. Ends when another has everything.
    /// </summary>
    public bool SuperSeed { get; init; }

    /// <summary>Gets a line for each thing that a user might want to know when it is slow, in place of <see cref="TorrentClientOptions.Log"/>; called from any thread.</summary>
    public Action<string>? Log { get; init; }
}
