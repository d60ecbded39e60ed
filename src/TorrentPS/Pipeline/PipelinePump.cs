using System.Runtime.ExceptionServices;

namespace TorrentPS.Pipeline;

/// <summary>
/// Carries what work on the thread pool has to say to the one thread that may write it. The owner's thread starts work, and runs what the
/// work posts while it waits for it. When writing throws, or someone stops the pump, the work is cancelled and waited for before the
/// owner goes on, so that nothing outlives the command that started it.
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

    /// <param name="windDown">How long cancelled work may take to end before it is left alone.</param>
    /// <param name="time">The clock for <paramref name="windDown"/>.</param>
    public PipelinePump(TimeSpan windDown, TimeProvider? time = null)
    {
        _windDown = windDown;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Whether the work was cancelled.</summary>
    public bool IsStopped => _stop.IsCancellationRequested;

    /// <summary>How many works have not ended.</summary>
    public int Running
    {
        get
        {
            lock (_gate)
                return _running;
        }
    }

    /// <summary>Has an action run on the owner's thread, after those posted before. From any thread; dropped once the pump is stopped.</summary>
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

    /// <summary>Starts work on the thread pool and returns at once. Nothing starts once the pump is stopped.</summary>
    public void Start(Func<CancellationToken, Task> work) => Start(work, static () => { });

    /// <summary>Does one piece of work and returns its result; what is posted meanwhile is run. The default value once the pump is stopped.</summary>
    public T? Run<T>(Func<CancellationToken, Task<T>> work)
    {
        T? result = default;
        bool ended = false;
        Start(async token => result = await work(token).ConfigureAwait(false), () => ended = true);
        PumpUntil(() => ended);
        return result;
    }

    /// <summary>Does one piece of work; what is posted meanwhile is run.</summary>
    public void Run(Func<CancellationToken, Task> work)
    {
        bool ended = false;
        Start(work, () => ended = true);
        PumpUntil(() => ended);
    }

    /// <summary>Runs what was posted so far, without waiting for more.</summary>
    public void Drain() => PumpUntil(static () => true);

    /// <summary>Runs what is posted until fewer than <paramref name="count"/> works are running.</summary>
    public void WaitForFewerThan(int count) => PumpUntil(() => _running < count);

    /// <summary>Runs what is posted until all work has ended.</summary>
    public void Wait() => WaitForFewerThan(1);

    /// <summary>Cancels the work and returns at once; the owner's thread then waits for it. From any thread.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (_disposed || IsStopped)
                return;
            // The callbacks of the token run on the pool: whoever stops us must not wait for them.
            _ = _stop.CancelAsync();
            _posts.Clear();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Cancels the work and waits until it ended; false when it took longer than it may.</summary>
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
        // Work that was left alone still holds the token.
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
                // A failure does not overtake what was posted before it.
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
