using FsCheck.Xunit;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;

namespace TorrentPS.Engine.Tests.Swarm;

public sealed class PieceOrderTests
{
    [Property(MaxTest = 300)]
    public void Agrees_with_counting_by_hand(int seed)
    {
        Random random = new(seed);
        int pieces = random.Next(1, 40);
        PieceOrder order = new(pieces, new Random(seed));
        int[] counts = new int[pieces];
        HashSet<int> queued = [];
        for (int step = 0; step < 300; step++)
        {
            int piece = random.Next(pieces);
            switch (random.Next(5))
            {
                case 0:
                    order.Enqueue(piece);
                    queued.Add(piece);
                    break;
                case 1:
                    order.Dequeue(piece);
                    queued.Remove(piece);
                    break;
                case 2 or 3:
                    order.Increment(piece);
                    counts[piece]++;
                    break;
                case 4 when counts[piece] > 0:
                    order.Decrement(piece);
                    counts[piece]--;
                    break;
                default:
                    break;
            }

            Assert.Equal(queued.Count, order.QueuedCount);
            Assert.Equal(counts[piece], order.Availability(piece));
            Assert.Equal(queued.Contains(piece), order.IsQueued(piece));
            Bitfield has = SwarmData.Set(pieces, Enumerable.Range(0, pieces).Where(_ => random.Next(3) > 0));
            int[] candidates = [.. queued.Where(candidate => has[candidate])];
            int rarest = order.Rarest(has), any = order.Any(has);
            if (candidates.Length == 0)
            {
                Assert.Equal((-1, -1), (rarest, any));
                continue;
            }

            Assert.Contains(rarest, candidates);
            Assert.Equal(candidates.Min(candidate => counts[candidate]), counts[rarest]);
            Assert.Contains(any, candidates);
        }
    }

    [Fact]
    public void Any_of_the_equally_rare_is_found()
    {
        PieceOrder order = new(10, new Random(1));
        for (int piece = 0; piece < 10; piece++)
        {
            order.Enqueue(piece);
            if (piece >= 5)
                order.Increment(piece);
        }

        HashSet<int> found = [], any = [];
        for (int i = 0; i < 500; i++)
        {
            found.Add(order.Rarest(SwarmData.All(10)));
            any.Add(order.Any(SwarmData.All(10)));
        }

        Assert.Equal([0, 1, 2, 3, 4], found.Order());
        Assert.Equal(Enumerable.Range(0, 10), any.Order());
    }
}
