using System.Collections.Concurrent;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>A torrent's loop under a test's control: posted work runs on the test's thread when the test says so.</summary>
internal sealed class TestLoop : SynchronizationContext, IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _work = [];
    private readonly SynchronizationContext? _outer = Current;

    public override void Post(SendOrPostCallback d, object? state) => _work.Add((d, state));

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Runs an action and then all posted work, until none is left.</summary>
    public void Run(Action? action = null)
    {
        SetSynchronizationContext(this);
        try
        {
            action?.Invoke();
            while (_work.TryTake(out var work))
                work.Callback(work.State);
        }
        finally
        {
            SetSynchronizationContext(_outer);
        }
    }

    /// <summary>Runs posted work, also of other threads, until a condition holds.</summary>
    public void RunUntil(Func<bool> condition)
    {
        SetSynchronizationContext(this);
        try
        {
            while (!condition())
            {
                Assert.True(_work.TryTake(out var work, s_limit), "what is waited for does not come");
                work.Callback(work.State);
            }
        }
        finally
        {
            SetSynchronizationContext(_outer);
        }

        Run();
    }

    public void Dispose() => _work.Dispose();
}
