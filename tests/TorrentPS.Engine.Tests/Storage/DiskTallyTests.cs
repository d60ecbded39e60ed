using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class DiskTallyTests
{
    [Fact]
    public async Task Ends_waiting_when_the_last_job_ends()
    {
        DiskTally tally = new();
        Assert.True(tally.WhenEmptyAsync().IsCompleted);
        tally.Begin();
        tally.Begin();
        Task empty = tally.WhenEmptyAsync();
        tally.End();
        Assert.False(empty.IsCompleted);
        tally.End();
        await empty.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Waits_again_for_jobs_that_start_later()
    {
        DiskTally tally = new();
        tally.Begin();
        Task first = tally.WhenEmptyAsync();
        tally.End();
        await first.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        tally.Begin();
        Task second = tally.WhenEmptyAsync();
        Assert.False(second.IsCompleted);
        tally.End();
        await second.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
    }
}
