using TorrentPS.Engine.Display;

namespace TorrentPS.Formatting;

/// <summary>The text of a download's progress record.</summary>
/// <param name="Activity">The activity, with its object.</param>
/// <param name="Facts">Percent, rate, time left and peers.</param>
/// <param name="Percent">0 to 100, or -1 if unknown.</param>
/// <param name="SecondsLeft">The time left, or -1 if unknown.</param>
/// <param name="Step">The activity of the child record during preparation; null once the download is running.</param>
/// <param name="StepPercent">0 to 100, or -1 if unknown.</param>
internal readonly record struct DownloadStatus(string Activity, string Facts, int Percent, int SecondsLeft, string? Step, int StepPercent)
{
    /// <param name="download">The state of the download.</param>
    /// <param name="isSeed">Whether data to upload is being checked.</param>
    public static DownloadStatus Of(TorrentDownload download, bool isSeed = false)
    {
        string doing = isSeed ? "Seeding" : "Downloading";
        TransferStatus status = TransferStatus.Of(download);
        int percent = download.BytesWanted > 0 || download.State == TorrentState.Completed ? (int)Math.Clamp(download.PercentComplete, 0, 100) : 0;
        int step = status.Percent is { } known ? (int)known : -1;
        string left = status.TimeLeft is { } time ? $"{DurationText.Left(time)} left, " : string.Empty;
        string facts = download.State switch
        {
            TorrentState.Seeding => $"{Units.Size(download.Uploaded)} sent, {Units.Rate(download.UploadRate)}, ratio {download.Ratio:0.00}, {status.Sources}",
            TorrentState.Downloading => $"{Units.Percent(download.PercentComplete)} of {Units.Size(download.BytesWanted)}, {Units.Rate(download.DownloadRate)}, {left}{status.Sources}",
            TorrentState.Paused when download.BytesWanted == 0 => "paused",
            TorrentState.Paused => $"{Units.Percent(download.PercentComplete)} of {Units.Size(download.BytesWanted)}, paused",
            _ => $"{Units.Percent(percent)} of {Units.Size(download.BytesWanted)}",
        };
        return download.State switch
        {
            TorrentState.Resolving => new($"{doing} {download.Name}", $"no metadata yet, {status.Sources}", -1, -1, "Resolving the magnet link", step),
            TorrentState.Checking => new($"{doing} {download.Name}", facts, percent, -1, "Checking the data on disk", step),
            TorrentState.Seeding => new($"Seeding {download.Name}", facts, 100, -1, null, -1),
            _ => new($"{doing} {download.Name}", facts, percent, (int?)status.TimeLeft?.TotalSeconds ?? -1, null, -1),
        };
    }

    /// <summary>The current activity, in one line.</summary>
    public string Summary => Step is null ? Facts : StepPercent < 0 ? Step : $"{Step}: {StepPercent} %";
}
