using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class DiskQueueTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private sealed class Job(Action run) : IDiskJob
    {
        public void Run() => run();
    }

    [Fact]
    public void One_thread_does_jobs_in_order()
    {
        List<int> done = [];
        using (DiskQueue queue = new(1))
        {
            for (int i = 0; i < 1000; i++)
            {
                int number = i;
                queue.Enqueue(new Job(() => done.Add(number)));
            }
        }

        Assert.Equal(Enumerable.Range(0, 1000), done);
    }

    [Fact]
    public void Jobs_run_on_all_threads_and_no_more()
    {
        using DiskQueue queue = new(3);
        using Semaphore release = new(0, 10);
        using CountdownEvent three = new(3);
        int running = 0, most = 0;
        Lock gate = new();
        for (int i = 0; i < 10; i++)
        {
            queue.Enqueue(new Job(() =>
            {
                lock (gate)
                    most = Math.Max(most, ++running);
                if (!three.IsSet)
                    three.Signal();
                release.WaitOne(s_limit);
                lock (gate)
                    running--;
            }));
        }

        Assert.True(three.Wait(s_limit, TestContext.Current.CancellationToken), "the threads do not start");
        release.Release(10);
        queue.Dispose();
        Assert.Equal(3, most);
        Assert.Equal(0, running);
    }

    [Fact]
    public void Jobs_do_not_run_on_pool_threads()
    {
        bool? pooled = null;
        using (DiskQueue queue = new(2))
            queue.Enqueue(new Job(() => pooled = Thread.CurrentThread.IsThreadPoolThread));
        Assert.False(pooled);
    }

    [Fact]
    public void Queued_jobs_run_before_disposal_and_none_is_accepted_afterwards()
    {
        int done = 0;
        DiskQueue queue = new(2);
        for (int i = 0; i < 500; i++)
            queue.Enqueue(new Job(() => Interlocked.Increment(ref done)));
        queue.Dispose();
        Assert.Equal(500, done);
        Assert.Throws<ObjectDisposedException>(() => queue.Enqueue(new Job(() => { })));
        queue.Dispose();
    }

    [Fact]
    public void A_job_may_queue_its_next_part_while_the_queue_ends()
    {
        DiskQueue queue = new(2);
        using ManualResetEventSlim disposing = new();
        int parts = 0;
        Job job = null!;
        job = new Job(() =>
        {
            disposing.Wait(s_limit);
            if (++parts < 50)
                queue.Enqueue(job);
        });
        queue.Enqueue(job);
        Thread disposer = new(queue.Dispose) { IsBackground = true };
        disposer.Start();
        Assert.True(SpinWait.SpinUntil(() => disposer.ThreadState.HasFlag(ThreadState.WaitSleepJoin), s_limit));
        disposing.Set();
        Assert.True(disposer.Join(s_limit));
        Assert.Equal(50, parts);
    }

    [Fact]
    public void An_idle_queue_takes_up_work_again()
    {
        using DiskQueue queue = new(4);
        for (int round = 0; round < 200; round++)
        {
            using CountdownEvent done = new(3);
            for (int i = 0; i < 3; i++)
                queue.Enqueue(new Job(() => done.Signal()));
            Assert.True(done.Wait(s_limit, TestContext.Current.CancellationToken), $"round {round} stands still");
        }
    }
}
