using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli.Output;

/// <summary>The result of a download, in words and as an exit code.</summary>
internal static class DownloadReport
{
    public static string Describe(TorrentDownload download) => download.Downloaded == 0
        ? $"{download.Path}: {Quantity.Size(download.BytesWanted)}, was complete"
        : $"{download.Path}: {Quantity.Size(download.BytesWanted)} in {Quantity.Duration(download.Elapsed)} ({Quantity.Rate(download.DownloadRate)})";

    /// <summary>Reports why the download is incomplete, if it is, and returns the exit code.</summary>
    /// <param name="terminal">Receives the report.</param>
    /// <param name="download">The result.</param>
    /// <param name="seeds">Whether it was to continue after completion, so that being complete is not enough.</param>
    /// <param name="cancellationToken">The token of an interruption.</param>
    public static ExitCode End(Terminal terminal, TorrentDownload download, bool seeds, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested && (download.State == TorrentState.Stopped || (seeds && download.State == TorrentState.Completed)))
        {
            terminal.WriteMessage(download.PercentComplete < 100
                ? $"Interrupted at {Quantity.Percent(download.PercentComplete)}. Run the same command to resume"
                : "Interrupted");
            return ExitCode.Interrupted;
        }
        if (TransferStatus.Of(download).ErrorId is { } errorId)
            terminal.WriteError(errorId, download.Error, download.Name);
        return ExitCodes.Of(download);
    }
}
