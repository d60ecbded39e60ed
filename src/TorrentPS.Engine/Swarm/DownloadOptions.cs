using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm;

/// <summary>The options of a download or seed.</summary>
public sealed record DownloadOptions
{
    /// <summary>The folder that contains the torrent's file or folder; created if missing.</summary>
    public required string Destination { get; init; }

    /// <summary>Wildcard patterns (<c>*</c>, <c>?</c>, <c>[a-z]</c>) for the files' paths, whole or below the torrent's folder; empty means all files.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Wildcard patterns for the paths of files to leave out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>
    /// Files and folders that may contain some of the same data, such as another version: data with matching hashes is copied before anything is downloaded. They are
    /// only read.
    /// </summary>
    public IReadOnlyList<string> ReuseFrom { get; init; } = [];

    /// <summary>
    /// Whether to use the data of torrents declared similar by either torrent (BEP 38) in the same way, if <see cref="TorrentClientOptions.StateFolder"/> has a record of
    /// its location.
    /// </summary>
    public bool ReuseSimilar { get; init; } = true;

    /// <summary>Peers to connect to, in addition to those found.</summary>
    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    /// <summary>Peers to connect to by host name: resolved while the download runs, and all addresses of a name are tried.</summary>
    public IReadOnlyList<DnsEndPoint> PeerNames { get; init; } = [];

    /// <summary>Receives errors that do not end the download, such as a host name that cannot be resolved; called from any thread.</summary>
    public Action<TorrentException>? OnError { get; init; }

    /// <summary>Receives warnings, such as data changed by another program while it is served; called from any thread.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>The discovery sources to use; null means all that the torrent allows.</summary>
    public IReadOnlyCollection<PeerSource>? Sources { get; init; }

    /// <summary>Whether to use the torrent's own web seeds (BEP 17, 19). They are neither peers nor discovery sources: <see cref="Sources"/> does not affect them.</summary>
    public bool UseWebSeeds { get; init; } = true;

    /// <summary>Web seeds besides those of the torrent (BEP 19), http and https, used even if <see cref="UseWebSeeds"/> is false. Since the user names them, they may be in the local network.</summary>
    public IReadOnlyList<Uri> WebSeeds { get; init; } = [];

    /// <summary>The time for which all web seeds wait, from the start of the search for peers; then they send the missing data, with or without peers. Zero means no wait.</summary>
    public TimeSpan WebSeedDelay { get; init; }

    /// <summary>
    /// The TCP port for incoming connections of this torrent, 1 to 65535; a port in use is an error. Null means the port on which the client already listens, or <see
    /// cref="TorrentClientOptions.Port"/>.
    /// </summary>
    public int? Port { get; init; }

    /// <summary>Whether connections to peers are encrypted; null means the client's <see cref="TorrentClientOptions.Encryption"/>.</summary>
    public EncryptionMode? Encryption { get; init; }

    /// <summary>The transport for connections to peers; null means the client's <see cref="TorrentClientOptions.Transport"/>.</summary>
    public PeerTransport? Transport { get; init; }

    /// <summary>The maximum number of connected peers, 1 to 10000.</summary>
    public int MaxPeers { get; init; } = 200;

    /// <summary>The maximum download rate in bytes per second; 0 means no limit.</summary>
    public long DownloadLimit { get; init; }

    /// <summary>The maximum upload rate in bytes per second; 0 means no limit.</summary>
    public long UploadLimit { get; init; }

    /// <summary>A download limit shared with other downloads that have the same object, in addition to <see cref="DownloadLimit"/> and the client's.</summary>
    public RateLimit? SharedDownloadLimit { get; init; }

    /// <summary>An upload limit shared with other downloads that have the same object, in addition to <see cref="UploadLimit"/> and the client's.</summary>
    public RateLimit? SharedUploadLimit { get; init; }

    /// <summary>
    /// Whether rate limits, of this torrent and shared, apply to peers in the local network. By default they do not apply to peers at link-local, private (RFC 1918),
    /// shared (RFC 6598) and unique local (RFC 4193) addresses. They always apply to loopback addresses, to all peers through a proxy, and to web seeds.
    /// </summary>
    public bool LimitLocalPeers { get; init; }

    /// <summary>
    /// Whether to download pieces in order, after those at the start and end of each file, where media players look for an index. <see
    /// cref="TorrentDownload.ContiguousBytes"/> says how far the data can be read meanwhile.
    /// </summary>
    public bool Sequential { get; init; }

    /// <summary>After completion, uploads until this ratio of uploaded bytes to the size of the data; null means no ratio.</summary>
    public double? SeedRatio { get; init; }

    /// <summary>After completion, uploads for this time; null means not at all, <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> until it is stopped.</summary>
    public TimeSpan? SeedTime { get; init; }

    /// <summary>
    /// After completion, the maximum time that a download which does not seed stays for connected peers, while they need pieces that no other connected peer can be relied on to have; zero means
    /// that it leaves at once. <see cref="TorrentDownload.Elapsed"/> does not include it.
    /// </summary>
    public TimeSpan StayTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time after which the download ends as timed out; null means never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The time without a new block after which the download ends as stalled; null means never.</summary>
    public TimeSpan? StallTimeout { get; init; }

    /// <summary>Whether to hash everything on disk again, ignoring earlier records.</summary>
    public bool Recheck { get; init; }

    /// <summary>
    /// Whether to overwrite existing files that do not belong to the torrent; otherwise the download ends with <see cref="TorrentErrorId.FileExists"/> before anything is
    /// written.
    /// </summary>
    public bool Overwrite { get; init; }

    /// <summary>Whether only to upload data, which must be complete and is never written; ends with <see cref="TorrentErrorId.DataMismatch"/> if it is not.</summary>
    public bool SeedOnly { get; init; }

    /// <summary>
    /// Whether to announce each piece to one peer first, if the data is complete from the start, so that little more than one copy is uploaded before all pieces are in
    /// the swarm (BEP 16). For the only seed of a new torrent: with other seeds, the swarm completes sooner without it. Ends when another peer is complete.
    /// </summary>
    public bool SuperSeed { get; init; }

    /// <summary>Receives log lines, in place of <see cref="TorrentClientOptions.Log"/>; called from any thread.</summary>
    public Action<string>? Log { get; init; }
}
