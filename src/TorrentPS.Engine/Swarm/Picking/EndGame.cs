using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// The end-game: when every block that a source has is requested, and others still owe some of them, it requests the blocks that it would send sooner, so that no slow or
/// silent peer delays the end. Before that, nothing is requested twice: in a new swarm, peers often have no free block. The expected time of a block follows from the
/// rate of the peer that owes it and from its queue. The last blocks are taken first, so that fast and slow peers meet in the middle and few blocks arrive twice; a block
/// is requested from two peers at most.
/// </summary>
internal static class EndGame
{
    /// <summary>A peer slower by this factor gives up a piece on parole.</summary>
    public const double MuchSlower = 10;

    /// <summary>A peer that owes blocks and has sent none for this many seconds counts as having no rate.</summary>
    private const double SilentSeconds = 2;

    /// <summary>A block is requested twice if it then arrives sooner by at least this many seconds, and by this factor, because rates vary.</summary>
    private const double SoonerSeconds = 0.25;

    private const double SoonerFactor = 1.5;

    /// <summary>The number of blocks requested from a peer without a known rate: enough to measure it.</summary>
    private const int ProbeBlocks = 8;

    private const double ShortestWait = 0.01;

    /// <summary>Picks a block that another peer owes for this peer, too; false if there is none that it would send sooner.</summary>
    /// <param name="picker">The picker, which has no free block for the peer.</param>
    /// <param name="sources">All peers that may owe blocks.</param>
    /// <param name="peer">The peer that could send more.</param>
    /// <param name="now">The torrent's clock, in seconds.</param>
    /// <param name="isHeldBack">Whether the download limit is the bottleneck. Then only blocks of silent peers are requested twice: no others would arrive
    /// sooner.</param>
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
                continue; // a block nearer to the beginning of its piece needs less memory
            picked.Piece.AddRequester(picked.Block, peer);
            return true;
        }

        picked = default;
        return false;
    }

    /// <summary>Picks consecutive blocks of one piece that another peer owes for this source, too; false if there are none that it would send sooner.</summary>
    /// <param name="picker">The picker, which has no free block for the source.</param>
    /// <param name="sources">All peers that may owe blocks.</param>
    /// <param name="source">The source that could send more.</param>
    /// <param name="now">The torrent's clock, in seconds.</param>
    /// <param name="isHeldBack">As for <see cref="TryPick"/>.</param>
    /// <param name="run">Receives the blocks in order.</param>
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

    /// <summary>
    /// The position in a peer's queue of the block with the latest expected time among all that may be requested from this peer, too; -1 if there is none.
    /// </summary>
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

    /// <summary>Whether a peer with a number of outstanding blocks would send one more clearly sooner than another peer will.</summary>
    public static bool IsWorthwhile(PiecePicker picker, PeerState peer, int owed, double dueIn)
    {
        if (peer.Rate <= 0)
            return owed < ProbeBlocks && dueIn > SoonerSeconds;
        double own = (owed + 1) * BlockRequest.BlockLength / peer.Rate;
        // A peer with nothing else to do may as well try.
        return owed == 0 && picker.IsEndGame ? own < dueIn : own * SoonerFactor < dueIn && own + SoonerSeconds < dueIn;
    }

    /// <summary>The expected time in seconds until a peer sends the block at a position of its queue.</summary>
    public static double DueIn(PeerState other, int position, double now)
    {
        if (IsSilent(other, now))
            return double.PositiveInfinity;
        // A peer that has sent nothing yet has not sent a block in the time since the first request.
        return (position + 1) * (other.Rate > 0 ? BlockRequest.BlockLength / other.Rate : Math.Max(now - other.LastBlockAt, ShortestWait));
    }

    private static bool IsSilent(PeerState other, double now) => other.Outstanding.Count > 0 && now - other.LastBlockAt > SilentSeconds;
}
