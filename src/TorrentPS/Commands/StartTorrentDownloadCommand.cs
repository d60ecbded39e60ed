using System.Management.Automation;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Downloads;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm;
using TorrentPS.Formatting;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Downloads torrents and verifies every piece.</para>
/// <para type="description">Downloads the files of a torrent, verifies every piece, and writes one object when it ends. Any result but a complete download also writes an
/// error. Run the same command to resume.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "TorrentDownload", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(TorrentDownload), typeof(Job))]
public sealed class StartTorrentDownloadCommand : TorrentTransferCommand
{
    /// <summary><para type="description">The folder to download to; created if it does not exist. The default is the current location.</para></summary>
    [Parameter(Position = 1, HelpMessage = "The folder to download to; by default the current location.")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary><para type="description">Wildcard patterns for the paths of the torrent's files: only matching files are downloaded.</para></summary>
    [Parameter(HelpMessage = "Only files whose paths match one of these patterns.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TorrentFileCompleter))]
    public string[] Include { get; set; } = [];

    /// <summary><para type="description">Wildcard patterns for the paths of the torrent's files: matching files are not downloaded.</para></summary>
    [Parameter(HelpMessage = "Excludes files whose paths match one of these patterns.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TorrentFileCompleter))]
    public string[] Exclude { get; set; } = [];

    /// <summary><para type="description">Files and folders that may contain some of the same data, such as an earlier version: data with matching hashes is copied from
    /// there.</para></summary>
    [Parameter(HelpMessage = "Files and folders that may contain some of the same data, to copy instead of downloading.")]
    [ValidateNotNullOrEmpty]
    public string[] ReuseFrom { get; set; } = [];

    /// <summary><para type="description">The discovery sources to use; by default all that the torrent allows. Manual uses only -Peer.</para></summary>
    [Parameter(HelpMessage = "The discovery sources to use; by default all that the torrent allows. Manual means only -Peer.")]
    [ValidateNotNullOrEmpty]
    public PeerSource[]? Source { get; set; }

    /// <summary><para type="description">The maximum download rate in bytes per second, for all torrents of the command together: 5MB, '500KB/s'. 0 means no
    /// limit.</para></summary>
    [Parameter(HelpMessage = "The maximum download rate in bytes per second, such as 5MB; 0 means no limit.")]
    [ByteRateTransformation]
    [ValidateRange(0L, long.MaxValue)]
    [ArgumentCompleter(typeof(ByteRateCompleter))]
    public long DownloadLimit { get; set; }

    /// <summary><para type="description">Downloads pieces in order, after those at the start and end of each file.</para></summary>
    [Parameter(HelpMessage = "Downloads pieces in order, after those at the start and end of each file.")]
    public SwitchParameter Sequential { get; set; }

    /// <summary><para type="description">Does not use the torrent's web seeds. They are servers, neither peers nor discovery sources, so -Source does not affect
    /// them.</para></summary>
    [Parameter(HelpMessage = "Do not use the torrent's web seeds.")]
    public SwitchParameter NoWebSeed { get; set; }

    /// <summary><para type="description">Web seeds besides those of the torrent: http and https addresses of its file, or of the folder that its folder is in.</para></summary>
    [Parameter(HelpMessage = "More web seeds: http or https addresses of the torrent's file or of the folder that contains it.")]
    [ValidateNotNullOrEmpty]
    [ValidateWebAddress]
    public Uri[] WebSeed { get; set; } = [];

    /// <summary><para type="description">How long web seeds wait for peers to send the data before they send what is missing; 0 means no wait.</para></summary>
    [Parameter(HelpMessage = "Web seeds wait this many seconds for peers to send the data; by default 0.")]
    [ValidateRange(0.0, 4_000_000.0)]
    public double WebSeedDelaySeconds { get; set; }

    /// <summary><para type="description">After completion, how long the download stays at most for connected peers that need pieces no other peer has; 0 leaves at once.</para></summary>
    [Parameter(HelpMessage = "After completion, stays at most this many seconds for peers that need pieces no other peer has; by default 30.")]
    [ValidateRange(0.0, 4_000_000.0)]
    public double StaySeconds { get; set; } = 30;

    /// <summary><para type="description">The number of seconds without new data after which the download ends as stalled; 0 means never.</para></summary>
    [Parameter(HelpMessage = "Ends as stalled after this many seconds without new data; 0 means never.")]
    [ValidateRange(0.0, 4_000_000.0)]
    public double StallTimeoutSeconds { get; set; }

    /// <summary><para type="description">The maximum number of torrents to download at the same time; the others wait. It does not apply to jobs.</para></summary>
    [Parameter(HelpMessage = "The maximum number of torrents to download at the same time; by default 5.")]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary><para type="description">Overwrites existing files that do not belong to the torrent. Without it, such a file ends the download before anything is
    /// written (FileExists).</para></summary>
    [Parameter(HelpMessage = "Overwrites existing files that do not belong to the torrent.")]
    public SwitchParameter Force { get; set; }

    private protected override int AtOnce => ThrottleLimit;

    /// <summary>The limit that the torrents of this command share.</summary>
    private RateLimit? SharedDownloadLimit => DownloadLimit > 0 ? field ??= new RateLimit(DownloadLimit) : null;

    private protected override void ProcessTorrent(TorrentInfo torrent)
    {
        torrent = torrent.WithTrackers(Tracker);
        string destination = ResolvePath(Destination ?? SessionState.Path.CurrentLocation.Path, ErrorRecords.BadDestination);
        string size = torrent.Length is { } length ? Units.Size(length) : "size not known yet";
        if (!ShouldProcess($"{torrent.Name} ({size}) to {destination}", "Download"))
            return;
        DownloadOptions options = CreateOptions(destination) with
        {
            Include = Include,
            Exclude = Exclude,
            ReuseFrom = [.. ReuseFrom.Select(ResolveReused)],
            Sources = Source,
            SharedDownloadLimit = SharedDownloadLimit,
            Sequential = Sequential,
            Overwrite = Force,
            UseWebSeeds = !NoWebSeed,
            WebSeeds = WebSeed,
            WebSeedDelay = TimeSpan.FromSeconds(WebSeedDelaySeconds),
            StayTime = TimeSpan.FromSeconds(StaySeconds),
            StallTimeout = StallTimeoutSeconds > 0 ? TimeSpan.FromSeconds(StallTimeoutSeconds) : null,
        };
        Start(new DownloadRun(torrent, options, Peer, Network));
    }

    private string ResolveReused(string path)
    {
        string resolved = ResolvePath(path, ErrorRecords.BadDestination);
        if (!System.IO.Path.Exists(resolved))
            WriteWarning($"'{resolved}' does not exist, so no data is reused from it.");
        return resolved;
    }
}
