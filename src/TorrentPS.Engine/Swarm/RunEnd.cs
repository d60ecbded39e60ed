using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Swarm;

/// <summary>The end of a run: whatever sets it first decides how it ends. From any thread.</summary>
internal sealed class RunEnd(SwarmRun run)
{
    private readonly TaskCompletionSource<RunEnding> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How it ends, once that is known.</summary>
    public Task<RunEnding> Ending => _ending.Task;

    public void Set(RunEnding ending) => _ending.TrySetResult(ending);

    /// <summary>The data cannot be written or read.</summary>
    public void StorageFailed(TorrentException failure) => Set(RunEnding.Failed(failure));

    /// <summary>A fault of this program that no stranger has brought out.</summary>
    public void Faulted(Exception fault) => Set(Fault(fault));

    /// <summary>How it ends after a fault of this program.</summary>
    public RunEnding Fault(Exception fault)
    {
        run.Log(fault.ToString());
        return new RunEnding(TorrentState.Failed, TorrentErrorId.Unexpected, $"{fault.GetType().Name}: {fault.Message}");
    }

    /// <summary>How it ends when it is told to stop: complete when everything is there, since then it only went on uploading.</summary>
    public RunEnding Stopped() => run.IsComplete
        ? RunEnding.Completed
        : new RunEnding(TorrentState.Stopped, TorrentErrorId.DownloadStopped, "The download was stopped before it was complete. Run the same command to resume.");

    public RunEnding TimedOut() => run.IsComplete
        ? RunEnding.Completed
        : new RunEnding(TorrentState.TimedOut, TorrentErrorId.DownloadTimedOut, $"The download was not complete after {run.Options.Timeout!.Value.TotalSeconds:0.#} s. Run the same command to resume.");
}
