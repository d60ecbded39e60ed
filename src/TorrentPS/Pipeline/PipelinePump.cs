using System.Runtime.ExceptionServices;

namespace TorrentPS.Pipeline;

/// <summary>
/// Passes the output of work on the thread pool to the one thread that may write it. The owner's thread starts work, and while it waits runs the actions that the work
/// posts. When writing throws, or the pump is stopped, the work is cancelled and waited for before the owner continues, so that nothing outlives the command that started
/// it.
/// </summary>
internal sealed class PipelinePump : IDisposable
{
    private readonly object _gate = new();
    private readonly Queue<Action> _posts = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeSpan _windDown;
    private readonly TimeProvider _time;
    private ExceptionDispatchInfo? _failure;
    private int _running;
    private bool _disposed;

    /// <param name="windDown">How long to wait for cancelled work before it is abandoned.</param>
    /// <param name="time">The clock for <paramref name="windDown"/>.</param>
    public PipelinePump(TimeSpan windDown, TimeProvider? time = null)
    {
        _windDown = windDown;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Whether the work was cancelled.</summary>
    public bool IsStopped => _stop.IsCancellationRequested;

    /// <summary>The number of running work items.</summary>
    public int Running
    {
        get
        {
            lock (_gate)
                return _running;
        }
    }

    /// <summary>Posts an action to the owner's thread, after those posted before. From any thread; dropped once the pump is stopped.</summary>
    public void Post(Action action)
    {
        lock (_gate)
        {
            if (IsStopped)
                return;
            _posts.Enqueue(action);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Starts work on the thread pool and returns at once. Nothing is started once the pump is stopped.</summary>
    public void Start(Func<CancellationToken, Task> work) => Start(work, static () => { });

    /// <summary>Runs work and returns its result, while running posted actions. Returns the default value once the pump is stopped.</summary>
    public T? Run<T>(Func<CancellationToken, Task<T>> work)
    {
        T? result = default;
        bool ended = false;
        Start(async token => result = await work(token).ConfigureAwait(false), () => ended = true);
        PumpUntil(() => ended);
        return result;
    }

    /// <summary>Runs work, while running posted actions.</summary>
    public void Run(Func<CancellationToken, Task> work)
    {
        bool ended = false;
        Start(work, () => ended = true);
        PumpUntil(() => ended);
    }

    /// <summary>Runs the actions posted so far, without waiting for more.</summary>
    public void Drain() => PumpUntil(static () => true);

    /// <summary>Runs posted actions until fewer than <paramref name="count"/> work items are running.</summary>
    public void WaitForFewerThan(int count) => PumpUntil(() => _running < count);

    /// <summary>Runs posted actions until all work has ended.</summary>
    public void Wait() => WaitForFewerThan(1);

    /// <summary>Cancels the work and returns at once; the owner's thread then waits for it. From any thread.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (_disposed || IsStopped)
                return;
            // Callbacks of the token run on the pool: the caller must not wait for them.
            _ = _stop.CancelAsync();
            _posts.Clear();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Cancels the work and waits until it has ended; false if the time limit passes.</summary>
    public bool StopAndWait()
    {
        Stop();
        long start = _time.GetTimestamp();
        lock (_gate)
        {
            while (_running > 0)
            {
                TimeSpan left = _windDown - _time.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                    return _running == 0;
            }
        }
        return true;
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        bool ended = StopAndWait();
        _disposed = true;
        // Abandoned work still uses the token.
        if (ended)
            _stop.Dispose();
    }

    private void Start(Func<CancellationToken, Task> work, Action ended)
    {
        CancellationToken token;
        lock (_gate)
        {
            if (IsStopped)
                return;
            _running++;
            token = _stop.Token;
        }
        _ = Task.Run(() => RunAsync(work, ended, token), CancellationToken.None);
    }

    private async Task RunAsync(Func<CancellationToken, Task> work, Action ended, CancellationToken token)
    {
        ExceptionDispatchInfo? failure = null;
        try
        {
            await work(token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            failure = ExceptionDispatchInfo.Capture(exception);
        }
        finally
        {
            lock (_gate)
            {
                _failure ??= failure;
                _running--;
                ended();
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void PumpUntil(Func<bool> done)
    {
        while (TryTake(done, out Action? action))
        {
            try
            {
                action();
            }
            catch
            {
                StopAndWait();
                throw;
            }
        }
        if (IsStopped)
        {
            StopAndWait();
            return;
        }
        ThrowFailure();
    }

    private bool TryTake(Func<bool> done, out Action action)
    {
        lock (_gate)
        {
            while (true)
            {
                // An exception does not overtake actions posted before it.
                if (_posts.TryDequeue(out action!))
                    return true;
                if (IsStopped || _failure is not null || done())
                    return false;
                Monitor.Wait(_gate);
            }
        }
    }

    private void ThrowFailure()
    {
        ExceptionDispatchInfo? failure;
        lock (_gate)
        {
            failure = _failure;
            _failure = null;
        }
        if (failure is null)
            return;
        StopAndWait();
        failure.Throw();
    }
}
