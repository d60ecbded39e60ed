namespace TorrentPS.Engine.Swarm;

/// <summary>
/// The control of a transfer from outside, from its start to after its end. While its torrent has a loop, changes go there as messages; before, they wait for it. Lists
/// are available at any time. Thread-safe.
/// </summary>
internal sealed class TransferControl
{
    private readonly Lock _lock = new();
    private readonly List<(Action<TransferSteering> Message, Action Refuse)> _waiting = [];
    private TransferSteering? _steering; // while the loop runs
    private TransferViews? _views; // once the files are known
    private TaskCompletionSource _resumed = Completed();
    private TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _quiet = Completed();
    private bool _isQuiet = true;
    private bool _isClosed; // no more changes
    private long _downloadLimit;
    private long _uploadLimit;

    /// <param name="options">Its initial options.</param>
    public TransferControl(DownloadOptions options) => (_downloadLimit, _uploadLimit) = (options.DownloadLimit, options.UploadLimit);

    /// <summary>Whether a pause was requested.</summary>
    public bool IsPaused => !_resumed.Task.IsCompleted;

    /// <summary>The download limit in bytes per second; 0 means no limit.</summary>
    public long DownloadLimit
    {
        get => Interlocked.Read(ref _downloadLimit);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _ = Interlocked.Exchange(ref _downloadLimit, value);
            Tell(static steering => steering.LimitsChanged());
        }
    }

    /// <summary>The upload limit in bytes per second; 0 means no limit.</summary>
    public long UploadLimit
    {
        get => Interlocked.Read(ref _uploadLimit);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _ = Interlocked.Exchange(ref _uploadLimit, value);
            Tell(static steering => steering.LimitsChanged());
        }
    }

    /// <summary>Completes when it is resumed; at once while it is not paused.</summary>
    public Task WhenResumed
    {
        get
        {
            lock (_lock)
                return _resumed.Task;
        }
    }

    /// <summary>Completes when a pause is requested; at once while it is paused.</summary>
    public Task WhenPaused
    {
        get
        {
            lock (_lock)
                return _paused.Task;
        }
    }

    /// <summary>Pauses.</summary>
    /// <returns>Completes when no more data moves, or the transfer has ended.</returns>
    public Task Pause()
    {
        lock (_lock)
        {
            if (_isClosed || IsPaused)
                return _quiet.Task;
            _resumed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _quiet = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_isQuiet)
                _quiet.SetResult();
            _paused.SetResult();
            Tell(static steering => steering.PauseChanged());
            return _quiet.Task;
        }
    }

    /// <summary>Resumes after a pause.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            if (!IsPaused)
                return;
            _paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _resumed.SetResult();
            _quiet.TrySetResult();
            Tell(static steering => steering.PauseChanged());
        }
    }

    /// <summary>Reports that everything has stopped that does not check for the pause itself.</summary>
    public void SetQuiet(bool isQuiet)
    {
        lock (_lock)
        {
            _isQuiet = isQuiet;
            if (isQuiet)
                _quiet.TrySetResult();
        }
    }

    /// <summary>Blocks the calling thread while it is paused.</summary>
    public void HoldWhilePaused(CancellationToken cancellationToken)
    {
        if (IsPaused)
            Task.WaitAny([WhenResumed], cancellationToken);
    }

    /// <summary>Runs an action on the torrent's loop, as soon as there is one.</summary>
    /// <exception cref="InvalidOperationException">The transfer has ended, or ends before that.</exception>
    public Task ChangeAsync(Func<TransferSteering, Task> change, CancellationToken cancellationToken)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Send(steering => _ = RunAsync(steering), Refuse);
        return done.Task.WaitAsync(cancellationToken);

        void Refuse() => done.TrySetException(new InvalidOperationException("The transfer has ended."));

        async Task RunAsync(TransferSteering steering)
        {
            try
            {
                steering.ThrowIfEnding();
                await change(steering);
                done.TrySetResult();
            }
            catch (OperationCanceledException)
            {
                Refuse();
            }
            catch (Exception e)
            {
                done.TrySetException(e);
            }
        }
    }

    /// <summary>Reads the state of the transfer: on the torrent's loop while there is one.</summary>
    /// <param name="look">Reads the state; receives null while the files are unknown.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public Task<T> LookAsync<T>(Func<TransferViews?, T> look, CancellationToken cancellationToken)
    {
        TaskCompletionSource<T> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TransferViews? views;
        lock (_lock)
        {
            views = _views;
            if (_steering is { } steering)
            {
                steering.Post(() => Look(views));
                return seen.Task.WaitAsync(cancellationToken);
            }
        }

        Look(views);
        return seen.Task;

        void Look(TransferViews? views)
        {
            try
            {
                seen.TrySetResult(look(views));
            }
            catch (Exception e)
            {
                seen.TrySetException(e);
            }
        }
    }

    /// <summary>The files are known.</summary>
    public void SetViews(TransferViews views)
    {
        lock (_lock)
            _views = views;
    }

    /// <summary>The loop accepts messages from now on, first those that waited.</summary>
    public void Attach(TransferSteering steering)
    {
        lock (_lock)
        {
            _steering = steering;
            foreach ((Action<TransferSteering> message, _) in _waiting)
                steering.Post(() => message(steering));
            _waiting.Clear();
        }
    }

    /// <summary>The loop has ended.</summary>
    public void End()
    {
        Close();
        lock (_lock)
            _steering = null;
    }

    /// <summary>The run ends: no changes are accepted from now on.</summary>
    public void Close()
    {
        List<(Action<TransferSteering> Message, Action Refuse)> refused;
        lock (_lock)
        {
            _isClosed = true;
            refused = [.. _waiting];
            _waiting.Clear();
            _resumed.TrySetResult();
            _quiet.TrySetResult();
        }

        foreach ((_, Action refuse) in refused)
            refuse();
    }

    /// <summary>Notifies the loop of a value that it reads anyway when it starts.</summary>
    private void Tell(Action<TransferSteering> message)
    {
        lock (_lock)
        {
            if (_steering is { } steering)
                steering.Post(() => message(steering));
        }
    }

    private void Send(Action<TransferSteering> message, Action refuse)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                if (_steering is { } steering)
                    steering.Post(() => message(steering));
                else
                    _waiting.Add((message, refuse));
                return;
            }
        }

        refuse();
    }

    private static TaskCompletionSource Completed()
    {
        TaskCompletionSource completed = new();
        completed.SetResult();
        return completed;
    }
}
