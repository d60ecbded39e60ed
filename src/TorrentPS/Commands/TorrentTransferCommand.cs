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
using TorrentPS.Formatting;
using TorrentPS.Jobs;
using TorrentPS.Sharing;

namespace TorrentPS.Commands;

/// <summary>The common base of downloading and seeding: several torrents run at the same time, in the pipeline or each as a job.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TorrentTransferCommand : TorrentInfoCommand
{
    private const string DownloadLimitVariable = "TorrentDownloadLimit";
    private const string UploadLimitVariable = "TorrentUploadLimit";

    private TransferProgress? _progress;

    private protected TorrentTransferCommand()
    {
    }

    /// <summary><para type="description">Peers to connect to in addition to those found: HOST:PORT, end points, or objects from Get-TorrentPeer.</para></summary>
    [Parameter(HelpMessage = "More peers: HOST:PORT, [IPv6]:PORT, or objects from Get-TorrentPeer.")]
    [ValidateNotNullOrEmpty]
    [PeerEndPointTransformation]
    public EndPoint[] Peer { get; set; } = [];

    /// <summary><para type="description">Trackers to ask before the torrent's own: announce addresses, each in its own tier; a nested array is a tier of several
    /// trackers.</para></summary>
    [Parameter(HelpMessage = "More trackers, which are asked before the torrent's own; a nested array is a tier of several.")]
    [TrackerTierTransformation]
    [ArgumentCompleter(typeof(KnownTrackerCompleter))]
    [ValidateNotNullOrEmpty]
    public Uri[][] Tracker { get; set; } = [];

    /// <summary><para type="description">The TCP port for incoming peer connections, 1 to 65535. A port in use is an error. By default the port on which this process
    /// already listens, otherwise 6881, or any free port.</para></summary>
    [Parameter(HelpMessage = "The TCP port for incoming peer connections.")]
    [ValidateRange(1, 65535)]
    public int Port { get; set; } = 6881;

    /// <summary><para type="description">Asks the router, by PCP, NAT-PMP or UPnP, to forward the port; the mapping is removed at the end.</para></summary>
    [Parameter(HelpMessage = "Asks the router to forward the port, so that peers can connect.")]
    public SwitchParameter MapPort { get; set; }

    /// <summary><para type="description">The maximum number of connected peers, 1 to 10000.</para></summary>
    [Parameter(HelpMessage = "The maximum number of connected peers per torrent; by default 200.")]
    [ValidateRange(1, 10_000)]
    public int MaxPeers { get; set; } = 200;

    /// <summary><para type="description">The maximum upload rate in bytes per second, for all torrents of the command together: 5MB, '500KB/s'. 0 means no
    /// limit.</para></summary>
    [Parameter(HelpMessage = "The maximum upload rate in bytes per second, such as 500KB; 0 means no limit.")]
    [ByteRateTransformation]
    [ValidateRange(0L, long.MaxValue)]
    [ArgumentCompleter(typeof(ByteRateCompleter))]
    public long UploadLimit { get; set; }

    /// <summary><para type="description">Uploads until this ratio of uploaded bytes to the size of the data is reached.</para></summary>
    [Parameter(HelpMessage = "Once complete, uploads until this ratio is reached.")]
    [ValidateRange(0.0, 1_000_000.0)]
    public double SeedRatio { get; set; }

    /// <summary><para type="description">Uploads for this many seconds; [double]::PositiveInfinity uploads until stopped.</para></summary>
    [Parameter(HelpMessage = "Once complete, uploads for this many seconds.")]
    [ValidateRange(0.0, double.PositiveInfinity)]
    public double SeedSeconds { get; set; }

    /// <summary><para type="description">Ends after this many seconds; 0 means never.</para></summary>
    [Parameter(HelpMessage = "Ends after this many seconds; 0 means never.")]
    [ValidateRange(0.0, 4_000_000.0)]
    public double TimeoutSeconds { get; set; }

    /// <summary><para type="description">Hashes all data on disk again, ignoring earlier results.</para></summary>
    [Parameter(HelpMessage = "Hashes all data on disk again, ignoring earlier results.")]
    public SwitchParameter Recheck { get; set; }

    /// <summary><para type="description">Whether connections to peers are encrypted. Prefer accepts both kinds.</para></summary>
    [Parameter(HelpMessage = "Prefer accepts encrypted and unencrypted connections; Require and Off only one kind.")]
    public EncryptionMode Encryption { get; set; } = EncryptionMode.Prefer;

    /// <summary><para type="description">The transport for peer connections. Any tries both TCP and uTP.</para></summary>
    [Parameter(HelpMessage = "Any tries TCP and uTP and accepts both; Tcp and Utp only one of them.")]
    public PeerTransport Transport { get; set; }

    /// <summary><para type="description">The only networks whose addresses are connected to or let in as peers: addresses, ranges and prefixes, IPv4 and IPv6.</para></summary>
    [Parameter(HelpMessage = "The only networks that peers may be in: addresses, ranges or prefixes such as 192.168.0.0/16.")]
    [ValidateNotNullOrEmpty]
    [ValidateNetwork]
    [ArgumentCompleter(typeof(OwnNetworkCompleter))]
    public string[] AllowedAddress { get; set; } = [];

    /// <summary><para type="description">The IP address that trackers are told to list in place of the one that they see. Many ignore it.</para></summary>
    [Parameter(HelpMessage = "The IP address by which peers reach this machine, for trackers to list.")]
    [AnnouncedAddressTransformation]
    [ArgumentCompleter(typeof(AnnouncedAddressCompleter))]
    public IPAddress? AnnounceAddress { get; set; }

    /// <summary><para type="description">What packets are marked with for routers (DSCP): a number from 0 to 63, or a name such as LE or CS1.</para></summary>
    [Parameter(HelpMessage = "The traffic class of packets (DSCP): 0 to 63, or a name such as LE, CS1 or AF11.")]
    [TrafficClassTransformation]
    [ArgumentCompleter(typeof(TrafficClassCompleter))]
    public TrafficClass? TrafficClass { get; set; }

    /// <summary><para type="description">Counts peers in the local network for -DownloadLimit, -UploadLimit and the limits of the process; without it these are not limited.</para></summary>
    [Parameter(HelpMessage = "Rate limits include peers in the local network.")]
    public SwitchParameter LimitLocalPeers { get; set; }

    /// <summary><para type="description">IP block-list files, whose addresses are blocked as peers: p2p or dat lists, or addresses and prefixes, plain or
    /// gzip.</para></summary>
    [Parameter(HelpMessage = "IP block-list files: p2p, dat or CIDR lists, plain or gzip.")]
    [ValidateNotNullOrEmpty]
    public string[] IPFilter { get; set; } = [];

    /// <summary><para type="description">Starts a job for each torrent and returns the jobs at once.</para></summary>
    [Parameter(HelpMessage = "Starts a job for each torrent and returns the jobs at once.")]
    public SwitchParameter AsJob { get; set; }

    private protected override string[] FilterPaths => IPFilter;

    private protected override string[] AllowedNetworks => AllowedAddress;

    private protected override IPAddress? AnnouncedAddress => AnnounceAddress;

    private protected override TrafficClass? PacketClass => TrafficClass;

    private protected override bool MapsPorts => MapPort;

    /// <summary>The number of torrents from the pipeline that run at the same time.</summary>
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
        // When another command stops the pipeline, this is all that is still called.
        if (disposing)
            _progress?.Complete();
    }

    /// <summary>Starts a run: alongside those already running, or as a job.</summary>
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
            // Finished runs are written now, whatever is still to come.
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

    /// <summary>The engine options that both cmdlets share.</summary>
    private protected DownloadOptions CreateOptions(string folder) => new()
    {
        Destination = folder,
        Port = IsBound(nameof(Port)) ? Port : null,
        MaxPeers = MaxPeers,
        SharedUploadLimit = SharedUploadLimit,
        LimitLocalPeers = LimitLocalPeers,
        SeedRatio = IsBound(nameof(SeedRatio)) ? SeedRatio : null,
        SeedTime = IsBound(nameof(SeedSeconds)) ? SeedTime() : null,
        Timeout = TimeoutSeconds > 0 ? TimeSpan.FromSeconds(TimeoutSeconds) : null,
        Recheck = Recheck,
        Encryption = Encryption,
        Transport = Transport,
        Log = AsJob ? null : PostVerbose,
    };

    private protected bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>The limit that the torrents of this command share.</summary>
    private RateLimit? SharedUploadLimit => UploadLimit > 0 ? field ??= new RateLimit(UploadLimit) : null;

    private async Task RunAsync(TorrentClient client, DownloadRun run, TransferProgress.Row row, CancellationToken cancellationToken)
    {
        TorrentDownload? result;
        try
        {
            result = await run.ExecuteAsync(client, row, PostError, PostWarning, onStarted: null, cancellationToken).ConfigureAwait(false);
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

    /// <summary>A preference variable sets the limit of the whole process; without one, the earlier value stays.</summary>
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

    // A time that exceeds TimeSpan counts as unlimited.
    private TimeSpan SeedTime() => SeedSeconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(SeedSeconds) : Timeout.InfiniteTimeSpan;
}
