using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Swarm;

/// <summary>The end of a run: the first cause decides. Thread-safe.</summary>
internal sealed class RunEnd(SwarmRun run)
{
    private readonly TaskCompletionSource<RunEnding> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How the run ends, once that is decided.</summary>
    public Task<RunEnding> Ending => _ending.Task;

    public void Set(RunEnding ending) => _ending.TrySetResult(ending);

    /// <summary>The data cannot be written or read.</summary>
    public void StorageFailed(TorrentException failure) => Set(RunEnding.Failed(failure));

    /// <summary>A fault of this program that was not triggered from outside.</summary>
    public void Faulted(Exception fault) => Set(Fault(fault));

    /// <summary>The ending for a fault of this program.</summary>
    public RunEnding Fault(Exception fault)
    {
        run.Log(fault.ToString());
        return new RunEnding(TorrentState.Failed, TorrentErrorId.Unexpected, $"{fault.GetType().Name}: {fault.Message}");
    }

    /// <summary>The ending for a stop: complete if all data is there, because the run was then only uploading.</summary>
    public RunEnding Stopped() => run.IsComplete
        ? RunEnding.Completed
        : new RunEnding(TorrentState.Stopped, TorrentErrorId.DownloadStopped, "The download was stopped before it was complete. Run the same command to resume.");

    public RunEnding TimedOut() => run.IsComplete
        ? RunEnding.Completed
        : new RunEnding(TorrentState.TimedOut, TorrentErrorId.DownloadTimedOut, $"The download was not complete after {run.Options.Timeout!.Value.TotalSeconds:0.#} s. Run the same command to resume.");
}
