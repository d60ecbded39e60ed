using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;
using TorrentPS.Formatting;
using TorrentPS.Trackers;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Runs a tracker for a local network or a test.</para>
/// <para type="description">Runs an HTTP and UDP tracker until it is stopped, and writes its addresses as soon as it is listening.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "TorrentTracker", SupportsShouldProcess = true)]
[OutputType(typeof(TrackerListener), typeof(TorrentTrackerJob))]
public sealed class StartTorrentTrackerCommand : TorrentCommand
{
    private readonly List<InfoHash> _allowed = [];

    /// <summary><para type="description">The IP address to listen on; by default all addresses of this machine.</para></summary>
    [Parameter(Position = 0, HelpMessage = "The IP address to listen on; by default all addresses of this machine.")]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(LocalAddressCompleter))]
    public IPAddress? Address { get; set; }

    /// <summary><para type="description">The port to listen on, TCP and UDP; 0 selects any free port.</para></summary>
    [Parameter(Position = 1, HelpMessage = "The port to listen on (default 6969); 0 selects any free port.")]
    [ValidateRange(0, 65535)]
    public int Port { get; set; } = 6969;

    /// <summary><para type="description">Serves only these torrents: their info hashes, or torrents from Get-TorrentInfo in the pipeline.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Serves only the torrents with these info hashes; by default all.")]
    [ValidateInfoHash]
    public string[]? InfoHash { get; set; }

    /// <summary><para type="description">The version 2 info hashes of hybrid torrents.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The version 2 info hashes of hybrid torrents.")]
    [AllowNull]
    [AllowEmptyString]
    public string? InfoHashV2 { get; set; }

    /// <summary><para type="description">The protocols to serve: Http, Udp or both.</para></summary>
    [Parameter(HelpMessage = "The protocols to serve: Http, Udp or both (the default).")]
    [ValidateNotNullOrEmpty]
    public TrackerProtocol[] Protocol { get; set; } = [TrackerProtocol.Http, TrackerProtocol.Udp];

    /// <summary><para type="description">The announce interval for clients. A peer that is silent for twice as long is removed.</para></summary>
    [Parameter(HelpMessage = "The announce interval for clients in seconds; by default 600.")]
    [ValidateRange(1, 86400)]
    public int IntervalSeconds { get; set; } = 600;

    /// <summary><para type="description">Lists the address that a client announces in place of the one that it comes from. For networks where all are trusted.</para></summary>
    [Parameter(HelpMessage = "Lists the address that a client announces; only for networks where all are trusted.")]
    public SwitchParameter TrustAnnouncedAddress { get; set; }

    /// <summary><para type="description">The networks whose machines may list the peers of a torrent, with Get-TorrentSwarm; this machine and local networks when it is left out.</para></summary>
    [Parameter(HelpMessage = "The networks that may list peers (Get-TorrentSwarm); by default this machine and local networks.")]
    [ValidateNotNullOrEmpty]
    [ValidateNetwork]
    [ArgumentCompleter(typeof(OwnNetworkCompleter))]
    public string[] SwarmReader { get; set; } = [];

    /// <summary><para type="description">Starts the tracker as a job and returns the job at once.</para></summary>
    [Parameter(HelpMessage = "Starts the tracker as a job and returns the job at once.")]
    public SwitchParameter AsJob { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string text in InfoHash ?? [])
            Allow(text);
        Allow(InfoHashV2);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // An empty pipeline of torrents must not open the tracker to all torrents.
        if (MyInvocation.ExpectingInput && _allowed.Count == 0)
            return;
        IPEndPoint endPoint = new(Address ?? (Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any), Port);
        if (!ShouldProcess(endPoint.ToString(), "Run a tracker"))
            return;
        TrackerServer tracker = Start(endPoint);
        TrackerListener listener = new() { Address = tracker.EndPoint.Address.ToString(), Port = tracker.EndPoint.Port, AnnounceUri = tracker.AnnounceUri, UdpAnnounceUri = tracker.UdpAnnounceUri };
        if (AsJob)
        {
            TorrentTrackerJob job = new(MyInvocation.Line.Trim(), tracker, listener);
            JobRepository.Add(job);
            WriteObject(job);
            return;
        }
        Run(token => ServeAsync(tracker, listener, token));
    }

    private async Task ServeAsync(TrackerServer tracker, TrackerListener listener, CancellationToken cancellationToken)
    {
        await using (tracker.ConfigureAwait(false))
        {
            PostObject(listener);
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Allow(string? text)
    {
        if (Engine.Metainfo.InfoHash.TryParse(text, out InfoHash hash))
            _allowed.Add(hash);
    }

    private TrackerServer Start(IPEndPoint endPoint)
    {
        TimeSpan interval = TimeSpan.FromSeconds(IntervalSeconds);
        TrackerServerOptions options = new()
        {
            Http = Protocol.Contains(TrackerProtocol.Http),
            Udp = Protocol.Contains(TrackerProtocol.Udp),
            Interval = interval,
            TrustsGivenAddress = TrustAnnouncedAddress,
            SwarmReaders = SwarmReader.Length > 0 ? AllowedAddresses.Parse(SwarmReader) : null,
            AllowedTorrents = _allowed.Count > 0 ? _allowed : null,
            OnAnnounce = AsJob ? null : Tell,
            Log = AsJob ? null : PostVerbose,
        };
        if (interval < options.MinInterval)
            options = options with { MinInterval = interval };
        try
        {
            return TrackerServer.Start(endPoint, options);
        }
        catch (SocketException exception)
        {
            ThrowTerminatingError(ErrorRecords.CannotListen(endPoint, exception));
            throw;
        }
    }

    // Regular announces are not reported.
    private void Tell(TrackerRequest request)
    {
        if (request.Event != AnnounceEvent.None)
            PostVerbose($"{request.EndPoint} {request.Event.ToString().ToLowerInvariant()} {request.InfoHash} by {(request.IsUdp ? "UDP" : "HTTP")}");
    }
}
