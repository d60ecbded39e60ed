using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>The priorities of pieces, by their files: while they differ, a peer starts one of the highest priority that it has. No input or output.</summary>
/// <param name="pieceCount">The number of pieces.</param>
internal sealed class PieceUrgency(int pieceCount)
{
    private readonly Bitfield _low = new(pieceCount);
    private readonly Bitfield _high = new(pieceCount);
    private readonly Bitfield _normal = All(pieceCount);
    private readonly Bitfield _some = new(pieceCount);

    /// <summary>Whether all priorities are equal.</summary>
    public bool AreEqual => _normal.IsFull;

    /// <summary>Sets the priority of a piece; that of a skipped one does not matter.</summary>
    public void Set(int piece, FilePriority priority)
    {
        Change(_low, piece, priority == FilePriority.Low);
        Change(_high, piece, priority == FilePriority.High);
        Change(_normal, piece, priority is FilePriority.Normal or FilePriority.Skip);
    }

    /// <summary>The pieces to choose from, out of some: those of the highest priority with a queued piece. Valid until the next call.</summary>
    public Bitfield Preferred(PieceOrder order, Bitfield pieces)
    {
        for (FilePriority priority = AreEqual ? FilePriority.Low : FilePriority.High; priority > FilePriority.Low; priority--)
        {
            Bitfield some = Of(priority, pieces);
            if (order.First(some) >= 0)
                return some;
        }

        return pieces;
    }

    private Bitfield Of(FilePriority priority, Bitfield pieces)
    {
        _some.SetCommon(pieces, priority switch
        {
            FilePriority.High => _high,
            FilePriority.Low => _low,
            _ => _normal,
        });
        return _some;
    }

    private static void Change(Bitfield set, int piece, bool isIn)
    {
        if (isIn)
            set.Add(piece);
        else
            set.Remove(piece);
    }

    private static Bitfield All(int count)
    {
        Bitfield all = new(count);
        all.AddAll();
        return all;
    }
}
