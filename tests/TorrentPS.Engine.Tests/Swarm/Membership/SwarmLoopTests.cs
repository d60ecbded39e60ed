using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Tests.Swarm.Membership;

public sealed class SwarmLoopTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private readonly SwarmLoop _loop = new();

    [Fact]
    public async Task Work_from_many_threads_runs_one_after_another_and_none_is_lost()
    {
        const int Threads = 8, Each = 50_000;
        int inside = 0, overlaps = 0, count = 0;
        int[] last = new int[Threads];
        int disorder = 0;
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (int i = 1; i <= Each; i++)
            {
                int number = i;
                SendOrPostCallback work = _ =>
                {
                    if (Interlocked.Increment(ref inside) != 1)
                        overlaps++;
                    if (last[thread] != number - 1)
                        disorder++;
                    last[thread] = number;
                    Interlocked.Decrement(ref inside);
                    if (++count == Threads * Each)
                        done.SetResult();
                };
                if (number % 3 == 0)
                    _loop.Enqueue(work, null);
                else
                    _loop.Post(work, null);
            }
        })));
        await done.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0, Threads * Each), (overlaps, disorder, count));
    }

    [Fact]
    public async Task A_million_posts_from_inside_the_loop_need_no_stack()
    {
        int count = 0;
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void Next(object? state)
        {
            if (++count < 1_000_000)
                _loop.Post(Next, null);
            else
                done.SetResult();
        }

        _loop.Enqueue(Next, null);
        await done.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Equal(1_000_000, count);
    }

    [Fact]
    public async Task Work_posted_from_inside_runs_after_queued_work()
    {
        List<int> order = [];
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Enqueue(_ =>
        {
            _loop.Post(_ => order.Add(2), null);
            _loop.Enqueue(_ =>
            {
                order.Add(3);
                done.SetResult();
            }, null);
            order.Add(1);
        }, null);
        await done.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3], order);
    }

    [Fact]
    public async Task Awaits_return_to_the_loop()
    {
        bool[] current = await _loop.RunAsync(async () =>
        {
            bool before = _loop.IsCurrent;
            await Task.Delay(1);
            bool after = _loop.IsCurrent;
            await Task.Run(() => { }).ConfigureAwait(true);
            return new[] { before, after, _loop.IsCurrent };
        }).WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Equal([true, true, true], current);
        Assert.False(_loop.IsCurrent);
    }

    [Fact]
    public async Task An_exception_of_a_function_goes_to_its_caller()
    {
        await Assert.ThrowsAsync<FormatException>(() => _loop.RunAsync<int>(() => throw new FormatException()));
        await Assert.ThrowsAsync<FormatException>(() => _loop.RunAsync<int>(async () =>
        {
            await Task.Yield();
            throw new FormatException();
        }));
    }

    [Fact]
    public async Task Exceptions_of_work_are_reported_and_the_loop_continues()
    {
        List<Exception> faults = [];
        _loop.Faulted = faults.Add;
        _loop.Enqueue(_ => throw new FormatException(), null);
        Assert.Equal(7, await _loop.RunAsync(() => Task.FromResult(7)).WaitAsync(s_limit, TestContext.Current.CancellationToken));
        Assert.IsType<FormatException>(Assert.Single(faults));
    }

    [Fact]
    public async Task Queued_work_does_not_run_on_the_caller_and_posted_work_not_on_other_threads()
    {
        TaskCompletionSource<Thread> enqueued = new(TaskCreationOptions.RunContinuationsAsynchronously), posted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread? caller = null;
        Thread thread = new(() =>
        {
            caller = Thread.CurrentThread;
            _loop.Post(_ => posted.SetResult(Thread.CurrentThread), null);
            _loop.Enqueue(_ => enqueued.SetResult(Thread.CurrentThread), null);
        });
        thread.Start();
        Assert.NotSame(caller, await posted.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken));
        Assert.NotSame(caller, await enqueued.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken));
        Assert.True(thread.Join(s_limit));
    }

    [Fact]
    public void Nothing_waits_for_it() => Assert.Throws<NotSupportedException>(() => _loop.Send(_ => { }, null));
}
