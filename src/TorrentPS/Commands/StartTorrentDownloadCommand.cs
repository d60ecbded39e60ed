using System.Management.Automation;
using System.Net;
using Microsoft.PowerShell.Commands;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Downloads;
using TorrentPS.Engine;
using TorrentPS.Engine.Discovery;
using TorrentPS.Errors;
using TorrentPS.Formatting;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Downloads torrents, and verifies every piece.</para>
/// <para type="description">Downloads the files of a torrent, verifies every piece, and writes one object when it ends. Anything but a complete download also writes an error. The same command goes on from where it was stopped.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "TorrentDownload", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(TorrentDownload), typeof(Job))]
public sealed class StartTorrentDownloadCommand : TorrentInfoCommand
{
    /// <summary><para type="description">The folder that the torrent's file or folder goes into. The current location when it is left out; made when missing.</para></summary>
    [Parameter(Position = 1, HelpMessage = "The folder to download into; the current location when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary><para type="description">Wildcards over the paths of the torrent's files: only these are downloaded.</para></summary>
    [Parameter(HelpMessage = "Only the files whose paths match one of these wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TorrentFileCompleter))]
    public string[] Include { get; set; } = [];

    /// <summary><para type="description">Wildcards over the paths of the torrent's files: these are not downloaded.</para></summary>
    [Parameter(HelpMessage = "Not the files whose paths match one of these wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TorrentFileCompleter))]
    public string[] Exclude { get; set; } = [];

    /// <summary><para type="description">Peers to connect to besides those that are discovered: HOST:PORT, end points, or objects from Get-TorrentPeer.</para></summary>
    [Parameter(HelpMessage = "More peers: HOST:PORT, [IPv6]:PORT, or objects from Get-TorrentPeer.")]
    [ValidateNotNullOrEmpty]
    [PeerEndPointTransformation]
    public EndPoint[] Peer { get; set; } = [];

    /// <summary><para type="description">The discoveries to use. All that the torrent allows when it is left out; Manual means only -Peer.</para></summary>
    [Parameter(HelpMessage = "The discoveries to use; all that the torrent allows when left out. Manual means only -Peer.")]
    [ValidateNotNullOrEmpty]
    public PeerSource[]? Source { get; set; }

    /// <summary><para type="description">The TCP port that peers may connect to, 1 to 65535. An error when it is taken; 6881 or another free one when it is left out.</para></summary>
    [Parameter(HelpMessage = "The TCP port that peers may connect to.")]
    [ValidateRange(1, 65535)]
    public int Port { get; set; } = 6881;

    /// <summary><para type="description">How many peers are connected at once, 1 to 10000.</para></summary>
    [Parameter(HelpMessage = "How many peers are connected at once; 200 when left out.")]
    [ValidateRange(1, 10_000)]
    public int MaxPeers { get; set; } = 200;

    /// <summary><para type="description">Bytes a second to receive at most: 5MB, '500KB/s'. 0 means no limit.</para></summary>
    [Parameter(HelpMessage = "Bytes a second to receive at most, as in 5MB; 0 means no limit.")]
    [ByteRateTransformation]
    [ValidateRange(0L, long.MaxValue)]
    public long DownloadLimit { get; set; }

    /// <summary><para type="description">Bytes a second to send at most: 5MB, '500KB/s'. 0 means no limit.</para></summary>
    [Parameter(HelpMessage = "Bytes a second to send at most, as in 500KB; 0 means no limit.")]
    [ByteRateTransformation]
    [ValidateRange(0L, long.MaxValue)]
    public long UploadLimit { get; set; }

    /// <summary><para type="description">Asks for the pieces from first to last.</para></summary>
    [Parameter(HelpMessage = "Asks for the pieces from first to last.")]
    public SwitchParameter Sequential { get; set; }

    /// <summary><para type="description">After completion, uploads until this many bytes were sent for each byte of the data.</para></summary>
    [Parameter(HelpMessage = "After completion, uploads until this ratio is reached.")]
    [ValidateRange(0.0, 1_000_000.0)]
    public double SeedRatio { get; set; }

    /// <summary><para type="description">After completion, uploads this long; [double]::PositiveInfinity uploads until it is stopped.</para></summary>
    [Parameter(HelpMessage = "After completion, uploads for this many seconds.")]
    [ValidateRange(0.0, double.PositiveInfinity)]
    public double SeedSeconds { get; set; }

    /// <summary><para type="description">The download ends as timed out after this many seconds; 0 means never.</para></summary>
    [Parameter(HelpMessage = "Ends as timed out after this many seconds; 0 means never.")]
    [ValidateRange(0.0, 4_000_000.0)]
    public double TimeoutSeconds { get; set; }

    /// <summary><para type="description">The download ends as stalled after this many seconds without a new block; 0 means never.</para></summary>
    [Parameter(HelpMessage = "Ends as stalled after this many seconds without new data; 0 means never.")]
    [ValidateRange(0.0, 4_000_000.0)]
    public double StallTimeoutSeconds { get; set; }

    /// <summary><para type="description">Hashes everything on disk again, whatever was noted of it before.</para></summary>
    [Parameter(HelpMessage = "Hashes everything on disk again before it goes on.")]
    public SwitchParameter Recheck { get; set; }

    /// <summary><para type="description">Whether connections to peers are encrypted. Prefer accepts both kinds.</para></summary>
    [Parameter(HelpMessage = "Prefer accepts encrypted and plain connections; Require and Off only one kind.")]
    public EncryptionMode Encryption { get; set; } = EncryptionMode.Prefer;

    /// <summary><para type="description">Starts each download as a job, and writes the jobs at once.</para></summary>
    [Parameter(HelpMessage = "Starts each download as a job, and writes the jobs at once.")]
    public SwitchParameter AsJob { get; set; }

    private protected override TorrentClientOptions ClientOptions => UserOptions with
    {
        Port = Port,
        RequirePort = MyInvocation.BoundParameters.ContainsKey(nameof(Port)),
        MaxConnections = Math.Max(MaxPeers, 500),
        Encryption = Encryption,
    };

    private protected override void ProcessTorrent(TorrentInfo torrent)
    {
        string destination = ResolveDestination();
        string size = torrent.Length is { } length ? Units.Size(length) : "size not known yet";
        if (!ShouldProcess($"{torrent.Name} ({size}) to {destination}", "Download"))
            return;
        DownloadRun run = new(torrent, CreateOptions(destination), Peer);
        if (AsJob)
            StartJob(run);
        else
            Download(run);
    }

    private void Download(DownloadRun run)
    {
        TorrentClient client = Client;
        DownloadProgress progress = new(Pump, CommandRuntime, Host);
        TorrentDownload? result;
        try
        {
            result = Run(token => run.ExecuteAsync(client, progress, PostError, token));
        }
        finally
        {
            progress.Complete();
        }
        if (result is null)
            return;
        WriteObject(result);
        if (result.State != TorrentState.Completed)
            WriteError(ErrorRecords.Incomplete(result));
    }

    private void StartJob(DownloadRun run)
    {
        TorrentDownloadJob job = new(MyInvocation.Line, run.Torrent);
        JobRepository.Add(job);
        job.Start(run, ClientOptions);
        WriteObject(job);
    }

    private DownloadOptions CreateOptions(string destination) => new()
    {
        Destination = destination,
        Include = Include,
        Exclude = Exclude,
        Sources = Source,
        MaxPeers = MaxPeers,
        DownloadLimit = DownloadLimit,
        UploadLimit = UploadLimit,
        Sequential = Sequential,
        SeedRatio = IsBound(nameof(SeedRatio)) ? SeedRatio : null,
        SeedTime = IsBound(nameof(SeedSeconds)) ? SeedTime() : null,
        Timeout = TimeoutSeconds > 0 ? TimeSpan.FromSeconds(TimeoutSeconds) : null,
        StallTimeout = StallTimeoutSeconds > 0 ? TimeSpan.FromSeconds(StallTimeoutSeconds) : null,
        Recheck = Recheck,
    };

    // A time that no TimeSpan holds is as good as forever.
    private TimeSpan SeedTime() => SeedSeconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(SeedSeconds) : Timeout.InfiniteTimeSpan;

    private bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    private string ResolveDestination()
    {
        string path = Destination ?? SessionState.Path.CurrentLocation.Path;
        try
        {
            string resolved = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            if (provider.ImplementingType != typeof(FileSystemProvider))
                ThrowTerminatingError(ErrorRecords.BadDestination(path, $"it is on the {provider.Name} provider", null));
            return resolved;
        }
        catch (Exception exception) when (exception is SessionStateException or ProviderInvocationException or PSArgumentException)
        {
            ThrowTerminatingError(ErrorRecords.BadDestination(path, exception.Message, exception));
            throw;
        }
    }
}
