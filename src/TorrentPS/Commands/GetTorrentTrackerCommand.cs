using System.Management.Automation;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Shows the trackers of a torrent and their seed and leecher counts.</para>
/// <para type="description">Scrapes every tracker and writes one object for each: its counts, or why there are none.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "TorrentTracker", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TorrentTracker))]
public sealed class GetTorrentTrackerCommand : TorrentInfoCommand
{
    /// <summary><para type="description">Trackers to ask besides the torrent's own: announce addresses.</para></summary>
    [Parameter(HelpMessage = "More trackers to ask, besides the torrent's own.")]
    [TrackerTierTransformation]
    [ArgumentCompleter(typeof(KnownTrackerCompleter))]
    [ValidateNotNullOrEmpty]
    public Uri[][] Tracker { get; set; } = [];

    /// <summary><para type="description">The timeout of each tracker.</para></summary>
    [Parameter(HelpMessage = "The timeout of each tracker in seconds; by default 15.")]
    [ValidateRange(0.01, 4_000_000)]
    public double TimeoutSeconds { get; set; } = 15;

    private protected override void ProcessTorrent(TorrentInfo torrent)
    {
        torrent = torrent.WithTrackers(Tracker);
        TorrentClient client = Client;
        Run(token => ScrapeAsync(client, torrent, token));
    }

    private async Task ScrapeAsync(TorrentClient client, TorrentInfo torrent, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (TorrentTracker tracker in client.ScrapeAsync(torrent, TimeSpan.FromSeconds(TimeoutSeconds), cancellationToken).ConfigureAwait(false))
                PostObject(tracker);
        }
        catch (TorrentException exception)
        {
            PostError(exception, torrent);
        }
    }
}
