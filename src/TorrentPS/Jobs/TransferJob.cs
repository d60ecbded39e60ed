using System.Management.Automation;
using TorrentPS.Downloads;
using TorrentPS.Engine;
using TorrentPS.Formatting;
using TorrentPS.Sharing;

namespace TorrentPS.Jobs;

/// <summary>A download or a seed as a job. Its output is the <see cref="TorrentDownload"/> with the result.</summary>
internal sealed class TransferJob : TorrentJob, IProgress<TorrentDownload>
{
    private readonly DownloadRun _run;
    private readonly bool _isVerbose;

    /// <param name="command">The command line that created it.</param>
    /// <param name="run">The run.</param>
    /// <param name="isVerbose">Whether to write events to the job's verbose stream.</param>
    public TransferJob(string command, DownloadRun run, bool isVerbose)
        : base(command, run.Torrent.Name, run.IsSeed ? "TorrentSeed" : "TorrentDownload")
    {
        _run = run;
        _isVerbose = isVerbose;
    }

    /// <summary>The transfer; null before the start.</summary>
    public TorrentTransfer? Transfer { get; private set; }

    /// <summary>The current state; null before the start.</summary>
    public TorrentDownload? Download => Transfer?.GetSnapshot();

    void IProgress<TorrentDownload>.Report(TorrentDownload value)
    {
        DownloadStatus status = DownloadStatus.Of(value, _run.IsSeed);
        ShowStatus(status.Summary);
        ShowProgress(ProgressText.Record(1, status.Activity, status.Facts, status.Percent, status.SecondsLeft));
    }

    protected override async Task<JobState> RunAsync(CancellationToken stop)
    {
        SharedClient.Lease lease = SharedClient.Rent(_run.Network, warn: Warn);
        await using (lease.ConfigureAwait(false))
        {
            DownloadRun run = _isVerbose ? _run with { Options = _run.Options with { Log = Tell } } : _run;
            if (await run.ExecuteAsync(lease.Client, this, Error.Add, Warn, transfer => Transfer = transfer, stop).ConfigureAwait(false) is not { } result)
                return JobState.Failed;
            ShowStatus(Describe(result));
            Output.Add(PSObject.AsPSObject(result));
            if (result.State is TorrentState.Completed or TorrentState.Stopped && stop.IsCancellationRequested)
                return JobState.Stopped;
            if (result.State == TorrentState.Completed)
                return JobState.Completed;
            Error.Add(ErrorRecords.Incomplete(result));
            return JobState.Failed;
        }
    }

    private string Describe(TorrentDownload result) => _run.IsSeed && result.ErrorId is null
        ? $"{Units.Size(result.Uploaded)} sent in {Units.Duration(result.Elapsed)}"
        : $"{result.State}, {Units.Percent(result.PercentComplete)} of {Units.Size(result.BytesWanted)} in {Units.Duration(result.Elapsed)}";
}
