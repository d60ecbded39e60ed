using System.Management.Automation;
using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Swarm;
using TorrentPS.Errors;
using TorrentPS.Sharing;

namespace TorrentPS.Downloads;

/// <summary>One download from its start to what is written of its end, for the pipeline and for jobs.</summary>
/// <param name="Torrent">What to download.</param>
/// <param name="Options">How.</param>
/// <param name="Peers">Peers to connect to, host names not yet looked up.</param>
/// <param name="Network">How the network is reached.</param>
internal sealed record DownloadRun(TorrentInfo Torrent, DownloadOptions Options, IReadOnlyList<EndPoint> Peers, NetworkSettings Network)
{
    /// <summary>Whether it uploads data that is there.</summary>
    public bool IsSeed => Options.SeedOnly;

    /// <summary>Downloads; the result is null when there is none to write.</summary>
    /// <param name="client">The client that does it.</param>
    /// <param name="progress">Is told how it goes, from any thread.</param>
    /// <param name="onError">Gets what fails before the end, from any thread.</param>
    /// <param name="onWarning">Gets what goes wrong and does not end it, from any thread.</param>
    /// <param name="cancellationToken">Stops it; the result then says so.</param>
    public async Task<TorrentDownload?> ExecuteAsync(TorrentClient client, IProgress<TorrentDownload> progress, Action<ErrorRecord> onError, Action<string> onWarning, CancellationToken cancellationToken)
    {
        progress = Told(progress);
        try
        {
            DownloadOptions options = Options with
            {
                Peers = GivenPeers.AddressesOf(Peers),
                PeerNames = GivenPeers.NamesOf(Peers),
                OnError = GivenPeers.Watch(Torrent, onError),
                OnWarning = onWarning,
            };
            return await client.DownloadAsync(Torrent, options, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (TorrentException exception)
        {
            onError(ErrorRecords.From(exception, Torrent));
            return null;
        }
    }

    private IProgress<TorrentDownload> Told(IProgress<TorrentDownload> progress) =>
        Options.Log is { } log ? new Narrator(progress, new TransferStory(log, IsSeed, TimeProvider.System)) : progress;

    private sealed class Narrator(IProgress<TorrentDownload> progress, TransferStory story) : IProgress<TorrentDownload>
    {
        public void Report(TorrentDownload value)
        {
            story.Report(value);
            progress.Report(value);
        }
    }
}
