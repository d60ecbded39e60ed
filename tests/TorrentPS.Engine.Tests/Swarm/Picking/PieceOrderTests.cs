using FsCheck.Xunit;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class PieceOrderTests
{
    [Property(MaxTest = 300)]
    public void Agrees_with_counting_by_hand(int seed)
    {
        Random random = new(seed);
        int pieces = random.Next(2) == 0 ? random.Next(1, 40) : random.Next(40, 400);
        PieceOrder order = new(pieces, new Random(seed));
        int[] counts = new int[pieces];
        HashSet<int> queued = [];
        List<Bitfield> peers = [];
        for (int step = 0; step < 200; step++)
        {
            int piece = random.Next(pieces);
            switch (random.Next(8))
            {
                case 0 or 1:
                    order.Enqueue(piece);
                    queued.Add(piece);
                    break;
                case 2:
                    order.Dequeue(piece);
                    queued.Remove(piece);
                    break;
                case 3 or 4:
                    order.Increment(piece);
                    counts[piece]++;
                    break;
                case 5 when counts[piece] > peers.Count(peer => peer[piece]):
                    order.Decrement(piece);
                    counts[piece]--;
                    break;
                case 6:
                    peers.Add(Some(random, pieces));
                    order.Add(peers[^1]);
                    Count(counts, peers[^1], 1);
                    break;
                case 7 when peers.Count > 0:
                    int leaving = random.Next(peers.Count);
                    order.Remove(peers[leaving]);
                    Count(counts, peers[leaving], -1);
                    peers.RemoveAt(leaving);
                    break;
                default:
                    break;
            }

            Assert.Equal(queued.Count, order.QueuedCount);
            Assert.Equal(queued.Contains(piece), order.IsQueued(piece));
            Assert.Equal(counts, (int[])[.. Enumerable.Range(0, pieces).Select(order.Availability)]);
            CheckChoices(order, Some(random, pieces), queued, counts);
        }
    }

    private static void CheckChoices(PieceOrder order, Bitfield has, HashSet<int> queued, int[] counts)
    {
        int[] candidates = [.. queued.Where(candidate => has[candidate])];
        int rarest = order.Rarest(has), any = order.Any(has), first = order.First(has);
        if (candidates.Length == 0)
        {
            Assert.Equal((-1, -1, -1), (rarest, any, first));
            return;
        }

        Assert.Contains(rarest, candidates);
        Assert.Equal(candidates.Min(candidate => counts[candidate]), counts[rarest]);
        Assert.Contains(any, candidates);
        Assert.Equal(candidates.Min(), first);
    }

    private static Bitfield Some(Random random, int pieces)
    {
        int density = random.Next(0, 9); // from none to all
        return SwarmData.Set(pieces, Enumerable.Range(0, pieces).Where(_ => random.Next(8) < density));
    }

    private static void Count(int[] counts, Bitfield peer, int by)
    {
        for (int piece = 0; piece < counts.Length; piece++)
            counts[piece] += peer[piece] ? by : 0;
    }

    [Property(MaxTest = 30)]
    public void An_unchanged_version_means_that_nothing_was_queued(int seed)
    {
        Random random = new(seed);
        PieceOrder order = new(100, new Random(seed));
        for (int step = 0; step < 200; step++)
        {
            int piece = random.Next(100);
            long before = order.Version;
            bool isNew = random.Next(2) == 0 && !order.IsQueued(piece);
            if (isNew)
                order.Enqueue(piece);
            else
                order.Dequeue(piece);
            Assert.Equal(isNew, order.Version != before);
        }
    }

    [Theory]
    [InlineData(10)]
    [InlineData(64)]
    [InlineData(1000)]
    public void Equally_rare_pieces_have_the_same_probability(int pieces)
    {
        PieceOrder order = new(pieces, new Random(1));
        int[] found = new int[pieces];
        // Neighbours and lone pieces: a gap before a piece must not make it more likely.
        Bitfield peer = SwarmData.Set(pieces, Enumerable.Range(0, pieces).Where(piece => piece < pieces / 2 || piece % 4 == 0));
        for (int piece = 0; piece < pieces; piece++)
            order.Enqueue(piece);
        for (int i = 0; i < 1000 * peer.Count; i++)
            found[order.Rarest(peer)]++;
        for (int piece = 0; piece < pieces; piece++)
            Assert.InRange(found[piece], peer[piece] ? 800 : 0, peer[piece] ? 1200 : 0);
    }

    [Fact]
    public void A_few_pieces_among_many_are_all_found()
    {
        PieceOrder order = new(10_000, new Random(1));
        for (int piece = 0; piece < 10_000; piece++)
            order.Enqueue(piece);
        int[] few = [3, 4, 3000, 4711, 8000];
        Bitfield peer = SwarmData.Set(10_000, few);
        HashSet<int> found = [];
        for (int i = 0; i < 1000; i++)
            found.Add(order.Rarest(peer));
        Assert.Equal(few, found.Order());
    }

    [Fact]
    public void Each_equally_rare_piece_is_found()
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

    [Fact]
    public void In_sequence_urgent_pieces_come_first()
    {
        PieceOrder order = new(200, new Random(1), SwarmData.Set(200, 0, 70, 199));
        for (int piece = 0; piece < 200; piece++)
            order.Enqueue(piece);
        Bitfield all = SwarmData.All(200), some = SwarmData.Set(200, 5, 6, 199);
        int Take(Bitfield has)
        {
            int piece = order.Next(has);
            order.Dequeue(piece);
            return piece;
        }

        Assert.Equal([0, 70], [Take(all), Take(all)]);
        Assert.Equal([199, 5], [Take(some), Take(some)]);
        Assert.Equal([1, 2], [Take(all), Take(all)]);
        order.Enqueue(70); // it failed
        Assert.Equal([70, 3], [Take(all), Take(all)]);
    }
}
