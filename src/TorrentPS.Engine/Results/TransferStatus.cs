using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS;

/// <summary>The status of a transfer as both faces show it while it runs, and its error at the end.</summary>
/// <param name="Percent">Progress of the current step (metadata, check or data), 0 to 100; null if unknown.</param>
/// <param name="TimeLeft">The time to completion at the current rate, in whole seconds, rounded up; null while nothing arrives, and for more than 100 days.</param>
/// <param name="Sources">The number of connected peers, and of web seeds if any: <c>3 peers, 1 web seed</c>.</param>
/// <param name="ErrorId">Why the transfer is not complete; null while it runs, and when it is complete.</param>
public readonly record struct TransferStatus(double? Percent, TimeSpan? TimeLeft, string Sources, TorrentErrorId? ErrorId)
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(100);

    /// <summary>Computes the status of a snapshot or a result.</summary>
    /// <param name="download">The snapshot or result.</param>
    public static TransferStatus Of(TorrentDownload download)
    {
        ArgumentNullException.ThrowIfNull(download);
        return new(PercentOf(download), TimeLeftOf(download), SourcesOf(download), ErrorIdOf(download));
    }

    private static double? PercentOf(TorrentDownload download) => download.State switch
    {
        TorrentState.Resolving => download.PercentResolved > 0 ? Math.Clamp(download.PercentResolved, 0, 100) : null,
        TorrentState.Checking => Math.Clamp(download.PercentChecked, 0, 100),
        TorrentState.Completed => 100,
        _ => download.BytesWanted > 0 ? Math.Clamp(download.PercentComplete, 0, 100) : 0,
    };

    private static TimeSpan? TimeLeftOf(TorrentDownload download)
    {
        if (download.State != TorrentState.Downloading || download.DownloadRate <= 0)
            return null;
        // Rounded up: 0 seconds left would look complete.
        double seconds = Math.Ceiling((double)Math.Max(0, download.BytesWanted - download.BytesCompleted) / download.DownloadRate);
        return seconds < s_longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static string SourcesOf(TorrentDownload download)
    {
        string peers = CountText.Of(download.PeersConnected, "peer");
        return download.WebSeedsActive > 0 ? $"{peers}, {CountText.Of(download.WebSeedsActive, "web seed")}" : peers;
    }

    private static TorrentErrorId? ErrorIdOf(TorrentDownload download) => download.ErrorId ?? download.State switch
    {
        TorrentState.Stalled => TorrentErrorId.DownloadStalled,
        TorrentState.TimedOut => TorrentErrorId.DownloadTimedOut,
        TorrentState.Stopped => TorrentErrorId.DownloadStopped,
        TorrentState.Failed => TorrentErrorId.Unexpected,
        _ => null,
    };
}
