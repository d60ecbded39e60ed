using System.Management.Automation;
using TorrentPS.Engine;
using TorrentPS.Errors;
using TorrentPS.Formatting;

namespace TorrentPS.Downloads;

/// <summary>A download that goes on while the prompt is free: what <c>Start-TorrentDownload -AsJob</c> writes.</summary>
internal sealed class TorrentDownloadJob : Job, IProgress<TorrentDownload>
{
    private static readonly TimeSpan s_windDown = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _status = string.Empty;
    private bool _started;

    public TorrentDownloadJob(string command, TorrentInfo torrent)
        : base(command, torrent.Name) => PSJobTypeName = "TorrentDownload";

    /// <summary>How far it is, in words.</summary>
    public override string StatusMessage => _status;

    public override bool HasMoreData => Output.Count > 0 || Error.Count > 0 || Warning.Count > 0 || Verbose.Count > 0 || Progress.Count > 0;

    public override string Location => Environment.MachineName;

    /// <summary>Begins, with a client of its own that the job closes.</summary>
    public void Start(DownloadRun run, TorrentClientOptions options)
    {
        lock (_gate)
            _started = true;
        SetJobState(JobState.Running);
        _ = Task.Run(() => RunAsync(run, options));
    }

    /// <inheritdoc/>
    public override void StopJob()
    {
        lock (_gate)
        {
            if (!_started)
            {
                SetJobState(JobState.Stopped);
                return;
            }
        }
        _stop.Cancel();
        // Whoever stops a job counts on it having ended.
        _ = _ended.Task.Wait(s_windDown);
    }

    void IProgress<TorrentDownload>.Report(TorrentDownload value)
    {
        DownloadStatus status = DownloadStatus.Of(value);
        _status = status.Facts;
        lock (_gate)
        {
            if (!Progress.IsOpen)
                return;
            // Only the newest is of use; all of them would fill the memory of a job that nobody asks.
            Progress.Clear();
            Progress.Add(new ProgressRecord(1, status.Activity, status.Facts) { PercentComplete = status.Percent, SecondsRemaining = status.SecondsLeft });
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            StopJob();
        base.Dispose(disposing);
    }

    private async Task RunAsync(DownloadRun run, TorrentClientOptions options)
    {
        JobState state = JobState.Failed;
        try
        {
            TorrentClient client = new(options);
            await using (client.ConfigureAwait(false))
                state = await DownloadAsync(client, run).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            state = JobState.Stopped;
        }
        catch (Exception exception)
        {
            Error.Add(ErrorRecords.Unexpected(exception, run.Torrent));
        }
        finally
        {
            lock (_gate)
                Progress.Clear();
            SetJobState(state);
            _ended.SetResult();
        }
    }

    private async Task<JobState> DownloadAsync(TorrentClient client, DownloadRun run)
    {
        if (await run.ExecuteAsync(client, this, Error.Add, _stop.Token).ConfigureAwait(false) is not { } result)
            return JobState.Failed;
        Output.Add(PSObject.AsPSObject(result));
        _status = result.ToString();
        if (result.State == TorrentState.Completed)
            return JobState.Completed;
        if (result.State == TorrentState.Stopped && _stop.IsCancellationRequested)
            return JobState.Stopped;
        Error.Add(ErrorRecords.Incomplete(result));
        return JobState.Failed;
    }
}
