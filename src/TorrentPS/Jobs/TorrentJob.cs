using System.ComponentModel;
using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Formatting;

namespace TorrentPS.Jobs;

/// <summary>
/// A background job: the output of a cmdlet with <c>-AsJob</c>. Its output, errors and progress arrive in its streams. It does not need the pipeline or the runspace that
/// created it. As a <see cref="Job2"/>, it allows many jobs to be stopped at once.
/// </summary>
internal abstract class TorrentJob : Job2
{
    private static readonly TimeSpan s_windDown = TimeSpan.FromSeconds(5);

    private readonly Lock _progressLock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string _status = string.Empty;
    private ProgressRecord? _latest;
    private ProgressRecord? _shown;
    private int _hasStarted;
    private bool _hasEnded;

    /// <param name="command">The command line that created it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">The job type that Get-Job shows.</param>
    protected TorrentJob(string command, string name, string type)
        : base(command, name) => PSJobTypeName = type;

    /// <summary>The status, in words.</summary>
    public sealed override string StatusMessage => _status;

    public sealed override string Location => "localhost";

    public sealed override bool HasMoreData =>
        Output.Count > 0 || Error.Count > 0 || Warning.Count > 0 || Verbose.Count > 0 || Debug.Count > 0 || Information.Count > 0 || Progress.Count > 0;

    public sealed override void StartJob()
    {
        if (Interlocked.Exchange(ref _hasStarted, 1) != 0)
            throw new InvalidJobStateException(JobStateInfo.State, "It was started before.");
        SetJobState(JobState.Running);
        _ = Task.Run(RunToEndAsync);
    }

    public sealed override void StartJobAsync()
    {
        StartJob();
        OnStartJobCompleted(new AsyncCompletedEventArgs(null, false, null));
    }

    /// <summary>Stops it, and returns after it has ended.</summary>
    public sealed override void StopJob()
    {
        if (RequestStop())
            _ = _ended.Task.Wait(s_windDown);
    }

    public sealed override void StopJob(bool force, string reason) => StopJob();

    public sealed override void StopJobAsync()
    {
        if (RequestStop())
            _ = CompleteStopAsync();
        else
            OnStopJobCompleted(new AsyncCompletedEventArgs(null, false, null));
    }

    public sealed override void StopJobAsync(bool force, string reason) => StopJobAsync();

    public sealed override void SuspendJob() => throw CannotSuspend();

    public sealed override void SuspendJob(bool force, string reason) => throw CannotSuspend();

    public sealed override void SuspendJobAsync() => OnSuspendJobCompleted(new AsyncCompletedEventArgs(CannotSuspend(), false, null));

    public sealed override void SuspendJobAsync(bool force, string reason) => SuspendJobAsync();

    public sealed override void ResumeJob() => throw CannotSuspend();

    public sealed override void ResumeJobAsync() => OnResumeJobCompleted(new AsyncCompletedEventArgs(CannotSuspend(), false, null));

    /// <summary>It never prompts, so it is never blocked.</summary>
    public sealed override void UnblockJob()
    {
    }

    public sealed override void UnblockJobAsync() => OnUnblockJobCompleted(new AsyncCompletedEventArgs(null, false, null));

    /// <summary>Does the work; an exception ends the job as failed, with an error.</summary>
    /// <param name="stop">Cancelled when the job is to stop.</param>
    /// <returns>Completed, Failed or Stopped.</returns>
    protected abstract Task<JobState> RunAsync(CancellationToken stop);

    /// <summary>Sets the status text.</summary>
    protected void ShowStatus(string status) => _status = SafeText.Escape(status);

    /// <summary>Writes a warning. From any thread.</summary>
    protected void Warn(string text) => Warning.Add(new WarningRecord(SafeText.Escape(text)));

    /// <summary>Writes a verbose line. From any thread.</summary>
    protected void Tell(string line) => Verbose.Add(new VerboseRecord(SafeText.Escape(line)));

    /// <summary>
    /// Shows progress: only the newest record, because all of them would fill the memory of a job whose output is not received. From any thread, without blocking.
    /// </summary>
    protected void ShowProgress(ProgressRecord record)
    {
        // The receiver of the job's output may block, and the caller must not wait.
        if (Interlocked.Exchange(ref _latest, record) is null)
            ThreadPool.UnsafeQueueUserWorkItem(static job => job.WriteProgress(), this, preferLocal: false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            StopJob();
        base.Dispose(disposing);
    }

    private static PSNotSupportedException CannotSuspend() => new("A torrent's job cannot be suspended. Stop it, and run the same command to resume.");

    /// <summary>Requests the work to stop; false if there is nothing to wait for.</summary>
    private bool RequestStop()
    {
        if (Interlocked.Exchange(ref _hasStarted, 1) == 0)
        {
            SetJobState(JobState.Stopped);
            _ended.SetResult();
            return false;
        }
        // Not whether the task has ended: a handler of the final state may remove the job at once, on the thread that sets the state.
        if (JobStateInfo.State is JobState.Completed or JobState.Failed or JobState.Stopped)
            return false;
        // Callbacks of the token run on the pool: the caller must not wait for all of them.
        _ = _stop.CancelAsync();
        return true;
    }

    private async Task CompleteStopAsync()
    {
        Exception? late = null;
        try
        {
            await _ended.Task.WaitAsync(s_windDown).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            late = exception;
        }
        OnStopJobCompleted(new AsyncCompletedEventArgs(late, false, null));
    }

    private async Task RunToEndAsync()
    {
        try
        {
            JobState state = await RunSafelyAsync().ConfigureAwait(false);
            EndProgress();
            SetJobState(state);
        }
        catch (ObjectDisposedException)
        {
            // Removed while it took too long to stop: nothing is left to notify.
        }
        finally
        {
            _ended.SetResult();
        }
    }

    private async Task<JobState> RunSafelyAsync()
    {
        try
        {
            return await RunAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return JobState.Stopped;
        }
        catch (Exception exception) when (exception is not ObjectDisposedException)
        {
            Error.Add(ErrorRecords.Unexpected(exception, null));
            return JobState.Failed;
        }
    }

    private void WriteProgress()
    {
        lock (_progressLock)
        {
            if (Interlocked.Exchange(ref _latest, null) is not { } record || _hasEnded)
                return;
            _shown = record;
            Replace(record);
        }
    }

    /// <summary>Removes the progress bar of a waiting Receive-Job or Wait-Job.</summary>
    private void EndProgress()
    {
        lock (_progressLock)
        {
            _hasEnded = true;
            if (_shown is null)
                return;
            Replace(ProgressText.End(_shown.ActivityId, _shown.Activity, _shown.StatusDescription));
        }
    }

    private void Replace(ProgressRecord record)
    {
        try
        {
            Progress.Clear();
            Progress.Add(record);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or PSInvalidOperationException)
        {
            // Removed meanwhile.
        }
    }
}
