namespace TorrentPS.Engine.Storage;

/// <summary>
/// The threads that hash, write and read piece data. They belong to the client, so that a slow disk does not block pool threads, which the sockets need. Jobs start in
/// the order in which they were queued; the jobs of one piece follow one another because each queues the next.
/// </summary>
internal sealed class DiskQueue : IDisposable
{
    private readonly Lock _start = new();
    private readonly object _gate = new();
    private readonly Queue<IDiskJob> _jobs = new();
    private readonly Thread?[] _threads;
    private int _started;
    private int _idle;
    private bool _closed;

    public DiskQueue(int threads) => _threads = new Thread?[threads];

    public void Enqueue(IDiskJob job)
    {
        bool start;
        lock (_gate)
        {
            // A running job may still queue its next part, which its own thread runs before it ends.
            ObjectDisposedException.ThrowIf(_closed && Array.IndexOf(_threads, Thread.CurrentThread) < 0, this);
            _jobs.Enqueue(job);
            start = !_closed && _idle < _jobs.Count && _started < _threads.Length;
            if (_idle > 0)
                Monitor.Pulse(_gate);
        }

        if (start)
            StartThread();
    }

    private void StartThread()
    {
        lock (_start)
        {
            if (_started == _threads.Length)
                return;
            var thread = new Thread(Work, 256 * 1024) { IsBackground = true, Name = "TorrentPS disk" };
            _threads[_started++] = thread;
            thread.Start();
        }
    }

    private void Work()
    {
        while (true)
        {
            IDiskJob? job;
            lock (_gate)
            {
                while (!_jobs.TryDequeue(out job))
                {
                    if (_closed)
                        return;
                    _idle++;
                    Monitor.Wait(_gate);
                    _idle--;
                }
            }

            job.Run();
        }
    }

    /// <summary>Ends the threads after the queued jobs.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }

        lock (_start)
        {
            for (int i = 0; i < _started; i++)
                _threads[i]!.Join();
        }
    }
}
