namespace TorrentPS.Engine.Storage;

/// <summary>Something about the data that is asked on a disk thread.</summary>
internal sealed class DiskQuestion(DiskTally tally, Func<bool> ask) : IDiskJob
{
    private readonly TaskCompletionSource<bool> _done = new(); // continues on the torrent's loop, which does not run on disk threads

    /// <summary>Asks it in its turn.</summary>
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
        catch (Exception e) // whatever it is, it must not end a disk thread, and the process with it
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
