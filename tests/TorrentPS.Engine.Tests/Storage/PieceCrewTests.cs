using System.Collections.Concurrent;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Work on many pieces by several threads.</summary>
public sealed class PieceCrewTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 16384)]
    [InlineData(1, 16384)]
    [InlineData(1000, 16384)]
    [InlineData(65, 1 << 20)]
    [InlineData(9, 1 << 24)]
    public async Task Each_piece_is_done_once_and_counted(int count, int pieceLength)
    {
        List<int> pieces = [.. Enumerable.Range(7, count)];
        ConcurrentBag<int> worked = [], done = [];
        await new PieceCrew(pieces, pieceLength, done.Add).RunAsync((piece, worker) =>
        {
            Assert.Equal(Math.Min(pieceLength, 256 * 1024), worker.Buffer.Length);
            worked.Add(piece);
        }, Token);
        Assert.Equal(pieces, worked.Order());
        Assert.Equal(count, done.DefaultIfEmpty().Max());
        Assert.Equal(done.Count, done.Distinct().Count());
    }

    [Fact]
    public async Task The_first_fault_ends_the_work_and_is_told()
    {
        int worked = 0;
        InvalidDataException fault = await Assert.ThrowsAsync<InvalidDataException>(() => new PieceCrew([.. Enumerable.Range(0, 100_000)], 1 << 20, null).RunAsync((piece, worker) =>
        {
            Interlocked.Increment(ref worked);
            if (piece == 0)
                throw new InvalidDataException("bad");
            worker.CancellationToken.WaitHandle.WaitOne(); // the others work until they are told to stop
        }, Token));
        Assert.Equal("bad", fault.Message);
        Assert.InRange(worked, 1, Environment.ProcessorCount);
    }

    [Fact]
    public async Task Cancelled_work_ends()
    {
        using CancellationTokenSource stop = new();
        int worked = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new PieceCrew([.. Enumerable.Range(0, 100_000)], 1 << 20, null).RunAsync((_, worker) =>
        {
            Interlocked.Increment(ref worked);
            stop.Cancel();
            worker.CancellationToken.WaitHandle.WaitOne();
        }, stop.Token));
        Assert.InRange(worked, 1, Environment.ProcessorCount);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new PieceCrew([], 1 << 20, null).RunAsync((_, _) => { }, stop.Token));
    }

    [Fact]
    public async Task A_piece_that_was_not_read_to_its_end_leaves_nothing_to_the_next()
    {
        await new PieceCrew([0], 32768, null).RunAsync((_, worker) =>
        {
            byte[] data = new byte[16384];
            worker.Hash.AppendData(data);
            worker.Tree.Append(data);
            worker.Reset();
            Assert.True(worker.Tree.Leaves.IsEmpty);
            Assert.Equal(System.Security.Cryptography.SHA1.HashData([]), worker.Hash.GetHashAndReset());
        }, Token);
    }
}
