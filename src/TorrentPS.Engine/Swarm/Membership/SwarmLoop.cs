using System.Collections.Concurrent;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// The single owner of a torrent's state. Everything that uses the state runs here, one after another: it is the synchronization context of the torrent's peers, to which
/// their awaits return. It has no thread: the thread that posts the first work of a burst runs the whole burst, so a block is handled by the thread that received it.
/// </summary>
internal sealed class SwarmLoop : SynchronizationContext, IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _work = new();
    private int _pending;

    /// <summary>Receives exceptions of work, which by contract throws none.</summary>
    public Action<Exception>? Faulted { get; set; }

    /// <summary>Whether the caller runs on this loop.</summary>
    public bool IsCurrent => Current == this;

    /// <summary>Runs the work now if the loop is idle, otherwise after the queued work. For completions of sockets and timers: the caller must hold no lock.</summary>
    public override void Post(SendOrPostCallback d, object? state)
    {
        _work.Enqueue((d, state));
        if (Interlocked.Increment(ref _pending) != 1)
            return;
        if (Thread.CurrentThread.IsThreadPoolThread)
            ((IThreadPoolWorkItem)this).Execute();
        else
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false); // disk threads have other work
    }

    /// <summary>Queues work without ever running it on the caller's thread.</summary>
    public void Enqueue(SendOrPostCallback callback, object? state)
    {
        _work.Enqueue((callback, state));
        if (Interlocked.Increment(ref _pending) == 1)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Runs a function here and returns its result.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> function)
    {
        var result = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(_ =>
        {
            try
            {
                result.SetResult(function());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        }, null);
        return result.Task.Unwrap();
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing waits for a torrent's loop.");

    public override SynchronizationContext CreateCopy() => this;

    void IThreadPoolWorkItem.Execute()
    {
        SynchronizationContext? outer = Current;
        SetSynchronizationContext(this);
        try
        {
            int done;
            do
            {
                done = 0;
                while (_work.TryDequeue(out var work))
                {
                    done++;
                    Run(work.Callback, work.State);
                }
            }
            while (Interlocked.Add(ref _pending, -done) != 0);
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
    }

    private void Run(SendOrPostCallback callback, object? state)
    {
        try
        {
            callback(state);
        }
        catch (Exception e) when (Faulted is not null)
        {
            Faulted(e);
        }
    }
}
