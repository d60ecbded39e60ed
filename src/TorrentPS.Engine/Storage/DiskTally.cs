namespace TorrentPS.Engine.Storage;

/// <summary>Counts the running disk jobs of one torrent, so that its files are not closed before they end.</summary>
internal sealed class DiskTally
{
    private readonly Lock _lock = new();
    private int _count;
    private TaskCompletionSource? _empty;

    public void Begin()
    {
        lock (_lock)
            _count++;
    }

    public void End()
    {
        lock (_lock)
        {
            if (--_count > 0 || _empty is null)
                return;
            _empty.SetResult();
            _empty = null; // later waiters wait for the jobs that have started since
        }
    }

    /// <summary>Completes when no job is running.</summary>
    public Task WhenEmptyAsync()
    {
        lock (_lock)
        {
            if (_count == 0)
                return Task.CompletedTask;
            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }
}
