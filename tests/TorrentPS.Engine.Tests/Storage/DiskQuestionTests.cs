using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class DiskQuestionTests : IDisposable
{
    private readonly DiskQueue _disk = new(1);
    private readonly DiskTally _tally = new();

    public void Dispose() => _disk.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_runs_on_a_disk_thread_and_returns_its_answer(bool answer)
    {
        string? thread = null;
        Assert.Equal(answer, await AskAsync(() =>
        {
            thread = Thread.CurrentThread.Name;
            return answer;
        }));
        Assert.Equal("TorrentPS disk", thread);
        Assert.True(_tally.WhenEmptyAsync().IsCompleted);
    }

    [Fact]
    public async Task Until_the_question_is_answered_the_files_are_in_use()
    {
        using ManualResetEventSlim go = new();
        Task<bool> asked = AskAsync(() => go.Wait(TimeSpan.FromMinutes(5)));
        Task empty = _tally.WhenEmptyAsync();
        Assert.False(empty.IsCompleted);
        go.Set();
        Assert.True(await asked);
        await empty;
    }

    [Fact]
    public async Task A_failure_is_the_result_and_the_thread_continues()
    {
        Task<bool> failing = AskAsync(() => throw new InvalidDataException("why"));
        Assert.Equal("why", (await Assert.ThrowsAsync<InvalidDataException>(() => failing)).Message);
        Assert.True(await AskAsync(() => true));
        Assert.True(_tally.WhenEmptyAsync().IsCompleted);
    }

    private async Task<bool> AskAsync(Func<bool> ask)
    {
        Task<bool> asked = new DiskQuestion(_tally, ask).AskAsync(_disk);
        await Task.WhenAny(asked);
        await Task.Yield(); // off the disk thread, for which the queue waits when it is closed
        return await asked;
    }
}
