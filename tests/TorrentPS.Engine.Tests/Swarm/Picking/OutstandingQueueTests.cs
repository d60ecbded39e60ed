using FsCheck.Xunit;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class OutstandingQueueTests
{
    [Property(MaxTest = 300)]
    public void Is_a_queue(int seed)
    {
        Random random = new(seed);
        OpenPiece[] pieces = [.. Enumerable.Range(0, 4).Select(index => new OpenPiece(index, 40 * 16384, 256 * 1024))];
        OutstandingQueue queue = new();
        List<Outstanding> model = [];
        for (int step = 0; step < 400; step++)
        {
            Outstanding item = new(pieces[random.Next(4)], random.Next(40));
            switch (random.Next(10))
            {
                case < 5:
                    if (model.Exists(other => other.Piece == item.Piece && other.Block == item.Block))
                        break;
                    queue.Add(item);
                    model.Add(item);
                    break;
                case < 7 when model.Count > 0:
                    queue.RemoveAt(0);
                    model.RemoveAt(0);
                    break;
                case < 8 when model.Count > 0:
                    int index = random.Next(model.Count);
                    queue.RemoveAt(index);
                    model.RemoveAt(index);
                    break;
                case 8 when model.Count > 0:
                    int changed = random.Next(model.Count);
                    queue[changed] = queue[changed] with { IsReleased = true };
                    model[changed] = model[changed] with { IsReleased = true };
                    break;
                case 9 when random.Next(40) == 0:
                    queue.Clear();
                    model.Clear();
                    break;
                default:
                    break;
            }

            Assert.Equal(model, Items(queue));
            Assert.Equal(model.FindIndex(other => other.Piece == item.Piece && other.Block == item.Block), queue.IndexOf(item.Piece.Index, item.Block));
        }
    }

    [Fact]
    public void Grows_around_its_end()
    {
        OpenPiece piece = new(0, 1 << 24, 256 * 1024);
        OutstandingQueue queue = new();
        for (int i = 0; i < 20; i++)
            queue.Add(new Outstanding(piece, i));
        for (int i = 0; i < 20; i++)
            queue.RemoveAt(0);
        for (int i = 100; i < 200; i++)
            queue.Add(new Outstanding(piece, i));
        Assert.Equal(Enumerable.Range(100, 100), Items(queue).Select(item => item.Block));
        Assert.Equal(-1, queue.IndexOf(0, 5));
        Assert.Equal(99, queue.IndexOf(0, 199));
    }

    private static List<Outstanding> Items(OutstandingQueue queue) => [.. Enumerable.Range(0, queue.Count).Select(i => queue[i])];
}
