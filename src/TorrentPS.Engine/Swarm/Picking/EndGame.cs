using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// What a source does when every block that any source has is asked for, while others still owe blocks that it has: it asks for those too that it would send sooner, so that no
/// slow or silent one holds up the end. Earlier than that nothing comes twice: where all have little yet, as in a new swarm, to have nothing free for one of them is usual. When a block comes is reckoned from the rate of whoever owes it and from what it owes before. The last
/// due are taken first, so that both meet in the middle and few blocks come twice; a block is asked of two at most.
/// </summary>
internal static class EndGame
{
    /// <summary>A peer this many times slower gives up a piece that one alone should send.</summary>
    public const double MuchSlower = 10;

    /// <summary>One that owes blocks and has sent none for this many seconds counts as having no rate at all.</summary>
    private const double SilentSeconds = 2;

    /// <summary>A block is asked for twice when it then comes sooner by this many seconds at least, and by this factor: rates vary.</summary>
    private const double SoonerSeconds = 0.25;

    private const double SoonerFactor = 1.5;

    /// <summary>Blocks that one is asked for whose rate is not known: enough to measure it.</summary>
    private const int ProbeBlocks = 8;

    private const double ShortestWait = 0.01;

    /// <summary>A block that another owes, now asked of this peer too; false when there is none that it would send sooner.</summary>
    /// <param name="picker">The picker, which has nothing free for the peer.</param>
    /// <param name="sources">All that may owe blocks.</param>
    /// <param name="peer">The peer that could send more.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
    /// <param name="isHeldBack">Whether it is the download limit that blocks wait for. Then only those of silent peers are asked for twice: no other comes sooner for it.</param>
    /// <param name="picked">The block.</param>
    public static bool TryPick(PiecePicker picker, IReadOnlyList<PeerState> sources, PeerState peer, double now, bool isHeldBack, out Outstanding picked)
    {
        picked = default;
        if (picker.HasFree(sources))
            return false;
        int position = FindLatest(sources, peer, now, isHeldBack, out PeerState? other);
        for (; position >= 0; position--)
        {
            picked = other!.Outstanding[position];
            if (!IsOpenTo(picked, other, peer, now))
                continue;
            if (!IsWorthwhile(picker, peer, peer.Outstanding.Count, DueIn(other, position, now)))
                break;
            if (!picker.TryReserveFor(picked.Piece, picked.Block))
                continue; // one nearer to the beginning of its piece needs less memory
            picked.Piece.AddRequester(picked.Block, peer);
            return true;
        }

        picked = default;
        return false;
    }

    /// <summary>Blocks in a row of one piece that another owes, now asked of this source too; false when there are none that it would send sooner.</summary>
    /// <param name="picker">The picker, which has nothing free for the source.</param>
    /// <param name="sources">All that may owe blocks.</param>
    /// <param name="source">The source that could send more.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
    /// <param name="isHeldBack">As for <see cref="TryPick"/>.</param>
    /// <param name="run">Gets the blocks in order.</param>
    public static bool TryPickRun(PiecePicker picker, IReadOnlyList<PeerState> sources, PeerState source, double now, bool isHeldBack, List<Outstanding> run)
    {
        if (!TryPick(picker, sources, source, now, isHeldBack, out Outstanding last))
            return false;
        run.Add(last);
        PeerState other = last.Piece.FirstRequester(last.Block)!;
        for (int position = other.Outstanding.IndexOf(last.Piece.Index, last.Block) - 1; position >= 0; position--)
        {
            Outstanding before = other.Outstanding[position];
            if (before.Piece != last.Piece || before.Block != last.Block - 1 || !IsOpenTo(before, other, source, now) || !IsWorthwhile(picker, source, run.Count, DueIn(other, position, now)))
                break;
            before.Piece.AddRequester(before.Block, source);
            run.Add(before);
            last = before;
        }

        run.Reverse();
        return true;
    }

    /// <summary>Where in what somebody owes the block stands that is due last of all that a peer may be asked for, too; -1 when there is none.</summary>
    private static int FindLatest(IReadOnlyList<PeerState> sources, PeerState peer, double now, bool isHeldBack, out PeerState? latest)
    {
        latest = null;
        int found = -1;
        double due = 0;
        for (int i = 0; i < sources.Count; i++)
        {
            PeerState other = sources[i];
            if (other == peer || other.Outstanding.Count == 0 || (isHeldBack && !IsSilent(other, now)) || DueIn(other, other.Outstanding.Count - 1, now) <= due)
                continue;
            int position = other.Outstanding.Count - 1;
            while (position >= 0 && !IsOpenTo(other.Outstanding[position], other, peer, now))
                position--;
            if (position < 0 || DueIn(other, position, now) <= due)
                continue;
            (latest, found, due) = (other, position, DueIn(other, position, now));
        }

        return found;
    }

    private static bool IsOpenTo(Outstanding item, PeerState other, PeerState peer, double now)
    {
        OpenPiece piece = item.Piece;
        if (item.IsReleased || piece.IsClosed || !peer.Pieces[piece.Index] || piece.Requesters(item.Block) != 1 || piece.FirstRequester(item.Block) != other)
            return false;
        return !piece.IsOnParole || piece.Owner is not { IsSnubbed: false } owner || IsSilent(owner, now);
    }

    private static bool IsWorthwhile(PiecePicker picker, PeerState peer, int owed, double dueIn)
    {
        if (peer.Rate <= 0)
            return owed < ProbeBlocks && dueIn > SoonerSeconds;
        double own = (owed + 1) * BlockRequest.BlockLength / peer.Rate;
        // Who has nothing at all to do may as well try.
        return owed == 0 && picker.IsEndGame ? own < dueIn : own * SoonerFactor < dueIn && own + SoonerSeconds < dueIn;
    }

    /// <summary>In how many seconds a block comes that stands at a place of what a peer owes.</summary>
    private static double DueIn(PeerState other, int position, double now)
    {
        if (IsSilent(other, now))
            return double.PositiveInfinity;
        // Of one that has sent nothing yet, no block came in the time since it was asked.
        return (position + 1) * (other.Rate > 0 ? BlockRequest.BlockLength / other.Rate : Math.Max(now - other.LastBlockAt, ShortestWait));
    }

    private static bool IsSilent(PeerState other, double now) => other.Outstanding.Count > 0 && now - other.LastBlockAt > SilentSeconds;
}
