using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class BufferCursorTests
{
    /// <summary>However the bytes are split into buffers, skipping and taking gives the same as from one array.</summary>
    [Fact]
    public void Skipping_and_taking_work_as_in_one_buffer()
    {
        byte[] all = [.. Enumerable.Range(0, 12).Select(i => (byte)i)];
        ReadOnlyMemory<byte>[] buffers = [all.AsMemory(0, 3), all.AsMemory(3, 0), all.AsMemory(3, 4), all.AsMemory(7, 5)];
        for (int skip = 0; skip <= all.Length; skip++)
        {
            for (int take = 0; skip + take <= all.Length; take++)
            {
                BufferCursor cursor = new(buffers);
                Assert.Equal(all.Length, cursor.Length);
                cursor.Skip(skip);
                IReadOnlyList<ReadOnlyMemory<byte>> taken = cursor.Take(take);
                Assert.Equal(all.AsSpan(skip, take).ToArray(), taken.SelectMany(part => part.ToArray()));
                if (take < all.Length)
                    Assert.DoesNotContain(taken, part => part.IsEmpty);
                Assert.Equal(all[(skip + take)..], take == all.Length ? [] : cursor.Take(all.Length - skip - take).SelectMany(part => part.ToArray()));
            }
        }
    }

    [Fact]
    public void Taking_everything_returns_the_buffers_themselves()
    {
        ReadOnlyMemory<byte>[] buffers = [new byte[3], new byte[4]];
        Assert.Same(buffers, new BufferCursor(buffers).Take(7));
    }
}
