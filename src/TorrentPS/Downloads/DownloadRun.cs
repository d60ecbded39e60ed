using System.Management.Automation;
using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Swarm;
using TorrentPS.Formatting;
using TorrentPS.Sharing;

namespace TorrentPS.Downloads;

/// <summary>One transfer from its start to the output of its result, for the pipeline and for jobs.</summary>
/// <param name="Torrent">The torrent.</param>
/// <param name="Options">The options.</param>
/// <param name="Peers">Peers to connect to, with host names not yet resolved.</param>
/// <param name="Network">The network settings.</param>
internal sealed record DownloadRun(TorrentInfo Torrent, DownloadOptions Options, IReadOnlyList<EndPoint> Peers, NetworkSettings Network)
{
    /// <summary>Whether it uploads existing data.</summary>
    public bool IsSeed => Options.SeedOnly;

    /// <summary>Starts the transfer, and waits for its end; the result is null if there is none to write.</summary>
    /// <param name="client">The client to use.</param>
    /// <param name="progress">Receives the progress, from any thread.</param>
    /// <param name="onError">Receives errors before the end, from any thread.</param>
    /// <param name="onWarning">Receives warnings, from any thread.</param>
    /// <param name="onStarted">Receives the transfer; null for no receiver.</param>
    /// <param name="cancellationToken">Stops it, which the result reports.</param>
    public async Task<TorrentDownload?> ExecuteAsync(
        TorrentClient client, IProgress<TorrentDownload> progress, Action<ErrorRecord> onError, Action<string> onWarning, Action<TorrentTransfer>? onStarted, CancellationToken cancellationToken)
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
            TorrentTransfer transfer = IsSeed ? client.StartSeed(Torrent, options, progress, cancellationToken) : client.StartDownload(Torrent, options, progress, cancellationToken);
            onStarted?.Invoke(transfer);
            return await transfer.Completion.ConfigureAwait(false);
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
