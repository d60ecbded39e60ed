using System.Management.Automation;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Engine;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Formatting;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Shows the machines of a torrent's swarm and how much each has.</para>
/// <para type="description">Asks the tracker of this module for all machines that have a torrent or download it, and writes one object for each. Can wait until enough of them have it.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "TorrentSwarm", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TorrentSwarmPeer))]
public sealed class GetTorrentSwarmCommand : TorrentInfoCommand
{
    private const string Activity = "Waiting for machines";

    /// <summary><para type="description">The trackers to ask in place of the torrent's: announce addresses of Start-TorrentTracker or torrentps tracker.</para></summary>
    [Parameter(HelpMessage = "The trackers to ask instead of the torrent's own: announce addresses of Start-TorrentTracker.")]
    [TrackerTierTransformation]
    [ArgumentCompleter(typeof(KnownTrackerCompleter))]
    [ValidateNotNullOrEmpty]
    public Uri[][] Tracker { get; set; } = [];

    /// <summary><para type="description">Waits until so many machines have complete data.</para></summary>
    [Parameter(HelpMessage = "Waits until this many machines have complete data.")]
    [ValidateRange(1, 1_000_000)]
    public int Until { get; set; }

    /// <summary><para type="description">How long to wait: for the tracker's answer, by default 15; with -Until for the machines, by default without end.</para></summary>
    [Parameter(HelpMessage = "The timeout in seconds: of the tracker's answer (15), or with -Until of the wait.")]
    [ValidateRange(0.01, 4_000_000)]
    public double TimeoutSeconds { get; set; } = 15;

    private bool Waits => MyInvocation.BoundParameters.ContainsKey(nameof(Until));

    private protected override void ProcessTorrent(TorrentInfo torrent)
    {
        var options = new SwarmQueryOptions { Trackers = [.. Tracker.SelectMany(tier => tier)] };
        TimeSpan timeout = TimeSpan.FromSeconds(TimeoutSeconds);
        if (Waits)
        {
            options = options with
            {
                Until = Until,
                UntilTimeout = MyInvocation.BoundParameters.ContainsKey(nameof(TimeoutSeconds)) ? timeout : null,
                OnAnswer = swarm => Pump.Post(() => WriteProgress(Progress(torrent, swarm))),
            };
        }
        else
        {
            options = options with { Timeout = timeout };
        }

        TorrentClient client = Client;
        Run(token => AskAsync(client, torrent, options, token));
    }

    private ProgressRecord Progress(TorrentInfo torrent, TorrentSwarm swarm) =>
        ProgressText.Record(0, Activity, $"{torrent.Name}: {swarm.CompleteCount} of {CountText.Of(Until, "machine")} complete", (int)Math.Min(100, 100L * swarm.CompleteCount / Until));

    private async Task AskAsync(TorrentClient client, TorrentInfo torrent, SwarmQueryOptions options, CancellationToken cancellationToken)
    {
        try
        {
            TorrentSwarm swarm = await client.GetSwarmAsync(torrent, options, cancellationToken).ConfigureAwait(false);
            foreach (TorrentSwarmPeer peer in swarm.Peers)
                PostObject(peer);
            if (swarm.IsTimedOut)
                PostError(ErrorRecords.From(TorrentErrorId.DownloadTimedOut, swarm.Missed(torrent.Name, Until, TimeSpan.FromSeconds(TimeoutSeconds)), torrent, null));
        }
        catch (TorrentException exception)
        {
            PostError(exception, torrent);
        }
        finally
        {
            if (options.Until is not null)
                Pump.Post(() => WriteProgress(ProgressText.End(0, Activity, "done")));
        }
    }
}
