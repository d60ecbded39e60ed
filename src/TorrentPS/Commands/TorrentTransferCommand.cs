using System.ComponentModel;
using System.Management.Automation;
using System.Net;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Downloads;
using TorrentPS.Engine;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Values;
using TorrentPS.Errors;
using TorrentPS.Jobs;
using TorrentPS.Sharing;

namespace TorrentPS.Commands;

/// <summary>What downloading and seeding share: several torrents run at the same time, in the pipeline or each as a job.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TorrentTransferCommand : TorrentInfoCommand
{
    private const string DownloadLimitVariable = "TorrentDownloadLimit";
    private const string UploadLimitVariable = "TorrentUploadLimit";

    private TransferProgress? _progress;

    private protected TorrentTransferCommand()
    {
    }

    /// <summary><para type="description">Peers to connect to besides those that are discovered: HOST:PORT, end points, or objects from Get-TorrentPeer.</para></summary>
    [Parameter(HelpMessage = "More peers: HOST:PORT, [IPv6]:PORT, or objects from Get-TorrentPeer.")]
    [ValidateNotNullOrEmpty]
    [PeerEndPointTransformation]
    public EndPoint[] Peer { get; set; } = [];

    /// <summary><para type="description">Trackers to ask besides the torrent's, and before them: announce addresses, each a tier of its own; an array in the array is a tier of several.</para></summary>
    [Parameter(HelpMessage = "More trackers, which are asked before the torrent's own; a nested array is a tier of several.")]
    [TrackerTierTransformation]
    [ArgumentCompleter(typeof(KnownTrackerCompleter))]
    [ValidateNotNullOrEmpty]
    public Uri[][] Tracker { get; set; } = [];

    /// <summary><para type="description">The TCP port that peers may connect to, 1 to 65535. An error when another program has it. When it is left out, the port that this process listens on already, or else 6881 or another free one.</para></summary>
    [Parameter(HelpMessage = "The TCP port for incoming peer connections.")]
    [ValidateRange(1, 65535)]
    public int Port { get; set; } = 6881;

    /// <summary><para type="description">Asks the router, by PCP, NAT-PMP or UPnP, to pass connections of peers on to the port; takes that back at the end.</para></summary>
    [Parameter(HelpMessage = "Asks the router to forward the port, so that peers can connect.")]
    public SwitchParameter MapPort { get; set; }

    /// <summary><para type="description">How many peers are connected at once, 1 to 10000.</para></summary>
    [Parameter(HelpMessage = "The maximum number of connected peers per torrent; by default 200.")]
    [ValidateRange(1, 10_000)]
    public int MaxPeers { get; set; } = 200;

    /// <summary><para type="description">Bytes a second to send at most, all torrents of the command together: 5MB, '500KB/s'. 0 means no limit.</para></summary>
    [Parameter(HelpMessage = "The maximum upload rate in bytes per second, such as 500KB; 0 means no limit.")]
    [ByteRateTransformation]
    [ValidateRange(0L, long.MaxValue)]
    [ArgumentCompleter(typeof(ByteRateCompleter))]
    public long UploadLimit { get; set; }

    /// <summary><para type="description">Uploads until this many bytes were sent for each byte of the data.</para></summary>
    [Parameter(HelpMessage = "Once complete, uploads until this ratio is reached.")]
    [ValidateRange(0.0, 1_000_000.0)]
    public double SeedRatio { get; set; }

    /// <summary><para type="description">Uploads this long; [double]::PositiveInfinity uploads until it is stopped.</para></summary>
    [Parameter(HelpMessage = "Once complete, uploads for this many seconds.")]
    [ValidateRange(0.0, double.PositiveInfinity)]
    public double SeedSeconds { get; set; }

    /// <summary><para type="description">Ends after this many seconds; 0 means never.</para></summary>
    [Parameter(HelpMessage = "Ends after this many seconds; 0 means never.")]
    [ValidateRange(0.0, 4_000_000.0)]
    public double TimeoutSeconds { get; set; }

    /// <summary><para type="description">Hashes everything on disk again, whatever was noted of it before.</para></summary>
    [Parameter(HelpMessage = "Hashes all data on disk again, ignoring earlier results.")]
    public SwitchParameter Recheck { get; set; }

    /// <summary><para type="description">Whether connections to peers are encrypted. Prefer accepts both kinds.</para></summary>
    [Parameter(HelpMessage = "Prefer accepts encrypted and unencrypted connections; Require and Off only one kind.")]
    public EncryptionMode Encryption { get; set; } = EncryptionMode.Prefer;

    /// <summary><para type="description">What connections to peers go over. Any tries both TCP and uTP.</para></summary>
    [Parameter(HelpMessage = "Any tries TCP and uTP and accepts both; Tcp and Utp only one of them.")]
    public PeerTransport Transport { get; set; }

    /// <summary><para type="description">Files of addresses that are neither connected to nor let in: p2p or dat lists, or addresses and prefixes, plain or compressed with gzip.</para></summary>
    [Parameter(HelpMessage = "IP block-list files: p2p, dat or CIDR lists, plain or gzip.")]
    [ValidateNotNullOrEmpty]
    public string[] IPFilter { get; set; } = [];

    /// <summary><para type="description">Starts a job for each torrent and returns the jobs at once.</para></summary>
    [Parameter(HelpMessage = "Starts a job for each torrent and returns the jobs at once.")]
    public SwitchParameter AsJob { get; set; }

    private protected override string[] FilterPaths => IPFilter;

    private protected override bool MapsPorts => MapPort;

    /// <summary>How many torrents of the pipeline run at the same time.</summary>
    private protected virtual int AtOnce => int.MaxValue;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        SetLimit(DownloadLimitVariable, SharedClient.DownloadLimit);
        SetLimit(UploadLimitVariable, SharedClient.UploadLimit);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        try
        {
            Guarded(Pump.Wait);
        }
        finally
        {
            _progress?.Complete();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        // When a pipeline is stopped elsewhere, this is all that is still called.
        if (disposing)
            _progress?.Complete();
    }

    /// <summary>Does it: now, beside those that run already, or as a job.</summary>
    private protected void Start(DownloadRun run)
    {
        if (AsJob)
        {
            StartJob(run);
            return;
        }
        TorrentClient client = Client;
        _progress ??= new TransferProgress(Pump, CommandRuntime, Host);
        try
        {
            // The ends of those before are written now, whatever is still to come.
            Guarded(() =>
            {
                Pump.WaitForFewerThan(AtOnce);
                TransferProgress.Row row = _progress.Add(run.IsSeed);
                Pump.Start(token => RunAsync(client, run, row, token));
                Pump.Drain();
            });
        }
        catch
        {
            _progress.Complete();
            throw;
        }
    }

    /// <summary>What both have among the engine's options.</summary>
    private protected DownloadOptions CreateOptions(string folder) => new()
    {
        Destination = folder,
        Port = IsBound(nameof(Port)) ? Port : null,
        MaxPeers = MaxPeers,
        SharedUploadLimit = SharedUploadLimit,
        SeedRatio = IsBound(nameof(SeedRatio)) ? SeedRatio : null,
        SeedTime = IsBound(nameof(SeedSeconds)) ? SeedTime() : null,
        Timeout = TimeoutSeconds > 0 ? TimeSpan.FromSeconds(TimeoutSeconds) : null,
        Recheck = Recheck,
        Encryption = Encryption,
        Transport = Transport,
        Log = AsJob ? null : PostVerbose,
    };

    private protected bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>What the torrents of this command send together.</summary>
    private RateLimit? SharedUploadLimit => UploadLimit > 0 ? field ??= new RateLimit(UploadLimit) : null;

    private async Task RunAsync(TorrentClient client, DownloadRun run, TransferProgress.Row row, CancellationToken cancellationToken)
    {
        TorrentDownload? result;
        try
        {
            result = await run.ExecuteAsync(client, row, PostError, PostWarning, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            row.End();
        }
        if (result is null)
            return;
        PostObject(result);
        if (result.State != TorrentState.Completed)
            PostError(ErrorRecords.Incomplete(result));
    }

    private void StartJob(DownloadRun run)
    {
        TransferJob job = new(MyInvocation.Line.Trim(), run, IsBound("Verbose"));
        TorrentJobSource.Start(job);
        WriteObject(job);
    }

    /// <summary>A preference variable holds the limit of the whole process; where there is none, what was set stays.</summary>
    private void SetLimit(string variable, RateLimit limit)
    {
        object? value = SessionState.PSVariable.GetValue(variable);
        if (value is null)
            return;
        if (ByteRate.TryParse(LanguagePrimitives.ConvertTo<string>(value), out ByteRate rate))
            limit.BytesPerSecond = rate.BytesPerSecond;
        else
            WriteWarning($"${variable} is not a rate and has no effect. Set it to {ByteRate.Expected}.");
    }

    // A time that no TimeSpan holds is as good as forever.
    private TimeSpan SeedTime() => SeedSeconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(SeedSeconds) : Timeout.InfiniteTimeSpan;
}
