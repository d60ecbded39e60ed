using Microsoft.Extensions.Time.Testing;
using TorrentPS.Pipeline;

namespace TorrentPS.Tests.Pipeline;

public sealed class PipelinePumpTests : IDisposable
{
    // Only a failing test waits this long.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private readonly PipelinePump _pump = new(s_limit);

    public void Dispose() => _pump.Dispose();

    [Fact]
    public void Posts_run_in_order_on_the_waiting_thread()
    {
        List<(int Value, int Thread)> seen = [];
        _pump.Run(_ =>
        {
            for (int i = 0; i < 100; i++)
            {
                int value = i;
                _pump.Post(() => seen.Add((value, Environment.CurrentManagedThreadId)));
            }
            return Task.CompletedTask;
        });

        Assert.Equal(Enumerable.Range(0, 100).Select(i => (i, Environment.CurrentManagedThreadId)), seen);
    }

    [Fact]
    public void A_post_runs_while_its_work_continues()
    {
        TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        // The work ends only after its own post has run: a pump that delayed posts would never end.
        _pump.Run(async token =>
        {
            _pump.Post(written.SetResult);
            await written.Task.WaitAsync(s_limit, token);
        });

        Assert.True(written.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public void Run_returns_the_result() => Assert.Equal(42, _pump.Run(_ => Task.FromResult(42)));

    [Fact]
    public void Work_runs_off_the_waiting_thread()
    {
        int thread = _pump.Run(_ => Task.FromResult(Environment.CurrentManagedThreadId));

        Assert.NotEqual(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public void A_failure_reaches_the_waiting_thread_after_what_was_posted_before_it()
    {
        bool written = false;

        Assert.Throws<InvalidDataException>(() => _pump.Run(_ =>
        {
            _pump.Post(() => written = true);
            throw new InvalidDataException();
        }));
        Assert.True(written);
    }

    [Fact]
    public void A_failure_cancels_the_other_work_and_waits_for_it()
    {
        bool ended = false;
        Thread owner = Thread.CurrentThread;
        _pump.Start(async token => await EndsWhenCancelled(owner, () => ended = true, token));
        _pump.Start(_ => throw new InvalidDataException());

        Assert.Throws<InvalidDataException>(_pump.Wait);
        Assert.True(ended);
        Assert.Equal(0, _pump.Running);
    }

    [Fact]
    public void When_writing_throws_the_work_is_cancelled_and_waited_for_and_the_exception_propagates()
    {
        bool ended = false;
        Thread owner = Thread.CurrentThread;

        Assert.Throws<OverflowException>(() => _pump.Run(async token =>
        {
            _pump.Post(() => throw new OverflowException());
            await EndsWhenCancelled(owner, () => ended = true, token);
        }));
        Assert.True(ended);
        Assert.True(_pump.IsStopped);
    }

    [Fact]
    public async Task Stop_from_another_thread_cancels_the_work_and_the_owner_waits_for_it()
    {
        bool ended = false;
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task owner = Task.Run(
            () =>
            {
                Thread thread = Thread.CurrentThread;
                _pump.Run(async token =>
                {
                    started.SetResult();
                    await EndsWhenCancelled(thread, () => ended = true, token);
                });
            },
            TestContext.Current.CancellationToken);
        await started.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken);

        _pump.Stop();

        await owner.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.True(ended);
    }

    [Fact]
    public void Posts_after_a_stop_are_dropped()
    {
        bool written = false;
        _pump.Stop();
        _pump.Post(() => written = true);
        _pump.Drain();

        Assert.False(written);
    }

    [Fact]
    public void Nothing_starts_after_the_stop()
    {
        _pump.Stop();

        Assert.Equal(0, _pump.Run(_ => Task.FromResult(42)));
        Assert.Equal(0, _pump.Running);
    }

    [Fact]
    public void Drain_runs_what_is_ready_and_does_not_wait_for_the_work()
    {
        List<int> seen = [];
        _pump.Start(token => Task.Delay(Timeout.Infinite, token));
        _pump.Post(() => seen.Add(1));

        _pump.Drain();

        Assert.Equal([1], seen);
        Assert.Equal(1, _pump.Running);
    }

    [Fact]
    public void WaitForFewerThan_keeps_no_more_than_the_limit_running()
    {
        int most = 0, now = 0;
        for (int i = 0; i < 50; i++)
        {
            _pump.WaitForFewerThan(4);
            _pump.Start(async _ =>
            {
                int count = Interlocked.Increment(ref now);
                InterlockedMax(ref most, count);
                await Task.Yield();
                Interlocked.Decrement(ref now);
            });
        }
        _pump.Wait();

        Assert.InRange(most, 1, 4);
        Assert.Equal(0, now);
    }

    [Fact]
    public void Work_that_ignores_its_cancellation_is_abandoned_after_the_limit()
    {
        FakeTimeProvider time = new() { AutoAdvanceAmount = TimeSpan.FromSeconds(6) };
        PipelinePump pump = new(TimeSpan.FromSeconds(5), time);
        using ManualResetEventSlim release = new();
        pump.Start(_ =>
        {
            release.Wait(s_limit, CancellationToken.None);
            return Task.CompletedTask;
        });

        Assert.False(pump.StopAndWait());
        release.Set();
    }

    [Fact]
    public void Dispose_cancels_and_waits()
    {
        bool ended = false;
        Thread owner = Thread.CurrentThread;
        _pump.Start(token => EndsWhenCancelled(owner, () => ended = true, token));

        _pump.Dispose();

        Assert.True(ended);
    }

    /// <summary>Work that ends only if its owner waits for it: an owner that does not is detected.</summary>
    private static async Task EndsWhenCancelled(Thread owner, Action ended, CancellationToken token)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, token);
        }
        finally
        {
            await Task.Yield(); // off the cancelling thread, which may be the owner's
            SpinWait.SpinUntil(() => owner.ThreadState.HasFlag(ThreadState.WaitSleepJoin), s_limit);
            ended();
        }
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while (value > (seen = Volatile.Read(ref target)) && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
