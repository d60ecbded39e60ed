namespace TorrentPS.Engine.Storage;

/// <summary>A check of the data that runs on a disk thread.</summary>
internal sealed class DiskQuestion(DiskTally tally, Func<bool> ask) : IDiskJob
{
    private readonly TaskCompletionSource<bool> _done = new(); // continues on the torrent's loop, never on a disk thread

    /// <summary>Queues the check and returns its result.</summary>
    public Task<bool> AskAsync(DiskQueue disk)
    {
        tally.Begin();
        disk.Enqueue(this);
        return _done.Task;
    }

    public void Run()
    {
        bool answer = false;
        Exception? failure = null;
        try
        {
            answer = ask();
        }
        catch (Exception e) // any exception here would end the disk thread, and with it the process
        {
            failure = e;
        }

        tally.End();
        if (failure is null)
            _done.SetResult(answer);
        else
            _done.SetException(failure);
    }
}
