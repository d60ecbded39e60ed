using Microsoft.Extensions.Time.Testing;

namespace TorrentPS.Engine.Tests.Discovery;

/// <summary>A clock that is advanced by hand and reports when a wait has begun, since advancing it earlier has no effect.</summary>
internal sealed class ObservedTimeProvider : FakeTimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _timers = [];
    private TaskCompletionSource _created = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The number of timers created so far.</summary>
    public int Timers
    {
        get
        {
            lock (_lock)
                return _timers.Count;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        TaskCompletionSource created;
        lock (_lock)
        {
            _timers.Add(dueTime);
            (created, _created) = (_created, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        created.SetResult();
        return timer;
    }

    /// <summary>Waits until, after a number of timers, one is created for a given time.</summary>
    public async Task UntilTimerAsync(int after, double seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);
        while (true)
        {
            Task created;
            lock (_lock)
            {
                if (_timers.IndexOf(time, Math.Min(after, _timers.Count)) >= 0)
                    return;
                created = _created.Task;
            }
            await created.WaitAsync(TestContext.Current.CancellationToken);
        }
    }
}
