using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS;

/// <summary>What is shown of a transfer while it runs, and how it is judged at its end: both by one rule, whoever shows it.</summary>
/// <param name="Percent">How far the present step is, the metadata, the check or the data: 0 to 100; null where that cannot be said.</param>
/// <param name="TimeLeft">The time until all data is there at the present rate, in whole seconds, rounded up; null while nothing arrives, and for more than 100 days.</param>
/// <param name="Sources">How many peers are connected, and web seeds if any: <c>3 peers, 1 web seed</c>.</param>
/// <param name="ErrorId">Why not all that was wanted is there; null while it runs, and when it is.</param>
public readonly record struct TransferStatus(double? Percent, TimeSpan? TimeLeft, string Sources, TorrentErrorId? ErrorId)
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(100);

    /// <summary>Reads a snapshot or a result.</summary>
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
        // Rounded up: 0 left would read as done.
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
