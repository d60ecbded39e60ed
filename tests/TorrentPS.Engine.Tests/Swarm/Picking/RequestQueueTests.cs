using FsCheck.Xunit;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class RequestQueueTests
{
    [Property(MaxTest = 200)]
    public void Keeps_the_order_through_any_changes(int seed)
    {
        Random random = new(seed);
        RequestQueue queue = new();
        List<BlockRequest> model = [];
        for (int step = 0; step < 300; step++)
        {
            BlockRequest block = new(random.Next(3), random.Next(8), 1);
            switch (random.Next(random.Next(20) == 0 ? 6 : 5))
            {
                case 0 or 1:
                    queue.Add(block);
                    model.Add(block);
                    break;
                case 2 when model.Count > 0:
                    queue.RemoveFirst();
                    model.RemoveAt(0);
                    break;
                case 3 or 4:
                    Assert.Equal(model.Remove(block), queue.Remove(block));
                    break;
                case 5:
                    queue.Clear();
                    model.Clear();
                    break;
                default:
                    break;
            }

            Assert.Equal(model.Count, queue.Count);
            if (model.Count > 0)
                Assert.Equal(model[0], queue.First);
        }

        foreach (BlockRequest block in model)
        {
            Assert.Equal(block, queue.First);
            queue.RemoveFirst();
        }
    }
}
