using System.Runtime.CompilerServices;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class SegmentPoolTests
{
    private const int Largest = SegmentPool.MaxSegmentLength;

    [Theory]
    [InlineData(1, 16 * 1024)]
    [InlineData(16 * 1024, 16 * 1024)]
    [InlineData(16 * 1024 + 1, 32 * 1024)]
    [InlineData(100_000, 128 * 1024)]
    [InlineData(256 * 1024, 256 * 1024)]
    [InlineData(512 * 1024 * 1024, 256 * 1024)]
    public void Segments_are_powers_of_two_as_large_as_the_piece_needs(int pieceLength, int segmentLength) =>
        Assert.Equal(segmentLength, SegmentPool.SegmentLength(pieceLength));

    [Fact]
    public void The_limit_on_reservations_is_not_exceeded()
    {
        SegmentPool pool = new(10L * Largest);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(i > 6, pool.IsShort);
            Assert.True(pool.TryReserve(Largest));
        }

        Assert.False(pool.TryReserve(16 * 1024));
        Assert.Equal(10L * Largest, pool.Reserved);
        pool.Release(Largest);
        Assert.True(pool.TryReserve(16 * 1024));
        Assert.False(pool.TryReserve(Largest));
    }

    [Fact]
    public void A_returned_buffer_is_reused()
    {
        SegmentPool pool = new(0);
        byte[] first = pool.Rent(32 * 1024);
        Assert.Equal(32 * 1024, first.Length);
        pool.Return(first);
        Assert.NotSame(first, pool.Rent(64 * 1024));
        Assert.Same(first, pool.Rent(32 * 1024));
        Assert.NotSame(first, pool.Rent(32 * 1024));
    }

    [Fact]
    public void The_limit_itself_is_allowed()
    {
        SegmentPool pool = new(8L * Largest);
        Assert.Equal(8L * Largest, pool.Limit);
        for (int i = 0; i < 7; i++)
            Assert.True(pool.TryReserve(Largest));
        Assert.True(pool.HasRoom(Largest));
        Assert.False(pool.HasRoom(Largest + 1));
        Assert.True(pool.TryReserve(Largest));
        Assert.False(pool.HasRoom(1));
    }

    [Fact]
    public void An_unused_buffer_is_kept_while_the_total_is_within_the_limit()
    {
        SegmentPool pool = new(8L * Largest);
        byte[] unused = pool.Rent(32 * 1024);
        pool.Return(unused);
        foreach (int kibibytes in (int[])[256, 256, 256, 256, 256, 256, 256, 128, 64, 16, 16]) // the first is as large as the limit
            pool.Rent(kibibytes * 1024);
        Assert.Same(unused, pool.Rent(32 * 1024));
        pool.Return(unused);
        pool.Rent(16 * 1024);
        Assert.NotSame(unused, pool.Rent(32 * 1024));
    }

    [Fact]
    public void Unused_buffers_of_another_size_make_room()
    {
        SegmentPool pool = new(8L * Largest); // the minimum
        WeakReference gone = RentAndReturn(pool, 8 * 16);
        byte[] large = pool.Rent(Largest);
        for (int i = 0; i < 10 && gone.IsAlive; i++)
            GC.Collect();
        Assert.False(gone.IsAlive);
        Assert.Equal(Largest, large.Length);
    }

    [Fact]
    public void Reservations_by_many_threads_never_exceed_the_limit()
    {
        SegmentPool pool = new(20L * Largest);
        long most = 0;
        Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                if (!pool.TryReserve(Largest))
                    continue;
                byte[] segment = pool.Rent(Largest);
                segment[0] = 1;
                pool.Return(segment);
                InterlockedMax(ref most, pool.Reserved);
                pool.Release(Largest);
            }
        });
        Assert.Equal(0, pool.Reserved);
        Assert.InRange(most, Largest, 28L * Largest); // refused attempts count briefly
    }

    // The last returned is the first released.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference RentAndReturn(SegmentPool pool, int count)
    {
        byte[][] segments = [.. Enumerable.Range(0, count).Select(_ => pool.Rent(16 * 1024))];
        foreach (byte[] segment in segments)
            pool.Return(segment);
        return new WeakReference(segments[^1]);
    }

    private static void InterlockedMax(ref long target, long value)
    {
        long seen;
        while (value > (seen = Interlocked.Read(ref target)) && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
