namespace TorrentPS.Engine.Storage;

/// <summary>Counts the disk jobs that are under way for one torrent, so that its files are not closed before they are done.</summary>
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
            _empty = null; // who waits after jobs have begun again waits for those
        }
    }

    /// <summary>Ends when no job is under way.</summary>
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
