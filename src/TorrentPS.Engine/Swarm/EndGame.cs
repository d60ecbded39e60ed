namespace TorrentPS.Engine.Swarm;

/// <summary>
/// What a peer with nothing left to ask for does while others still owe blocks that it has: it asks for those too, so that no slow or silent
/// peer holds up the end. Bounded in three ways: a block is asked of two peers at most; only peers that are much slower (ten times, then three
/// times) or silent have their blocks taken in numbers; of others one block at a time is doubled, and only when no peer has anything else to do.
/// </summary>
internal static class EndGame
{
    /// <summary>Rates this many times lower are taken over first.</summary>
    public const double MuchSlower = 10;

    /// <summary>Then rates this many times lower.</summary>
    private const double Slower = 3;

    /// <summary>A peer that owes blocks and has sent none for this many seconds counts as having no rate at all.</summary>
    private const double SilentSeconds = 2;

    /// <summary>A block that a slower peer owes, now asked of this one too; false when there is none.</summary>
    /// <param name="picker">The picker, which has nothing free for the peer.</param>
    /// <param name="peer">The peer that could send more.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
    /// <param name="isHeldBack">Whether it is the download limit that blocks wait for. Then only those of silent peers are asked for twice: no other comes sooner for it.</param>
    /// <param name="picked">The block.</param>
    public static bool TryPick(PiecePicker picker, PeerState peer, double now, bool isHeldBack, out Outstanding picked)
    {
        if (isHeldBack)
            return TryDouble(picker, peer, now, 0, out picked);
        double rate = peer.Rate;
        if (TryDouble(picker, peer, now, rate / MuchSlower, out picked) || TryDouble(picker, peer, now, rate / Slower, out picked))
            return true;
        return peer.Outstanding.Count == 0 && picker.IsEndGame && TryDouble(picker, peer, now, double.PositiveInfinity, out picked);
    }

    private static bool TryDouble(PiecePicker picker, PeerState peer, double now, double rateBelow, out Outstanding picked)
    {
        foreach (OpenPiece piece in picker.Open)
        {
            if (piece.SingleBlocks == 0 || !peer.Pieces[piece.Index] || piece.IsOnParole && piece.Owner is { IsSnubbed: false } && !IsSilent(piece.Owner, now))
                continue;
            // From the back: the slow peer sends from the front, so the two meet rather than both sending the same blocks.
            for (int block = piece.BlockCount - 1; block >= 0; block--)
            {
                if (piece.Requesters(block) != 1 || piece.FirstRequester(block) is not { } other || other == peer || !IsBelow(other, now, rateBelow) || !picker.TryReserveFor(piece, block))
                    continue;
                piece.AddRequester(block, peer);
                picked = new Outstanding(piece, block);
                return true;
            }
        }

        picked = default;
        return false;
    }

    private static bool IsBelow(PeerState other, double now, double rate) =>
        double.IsPositiveInfinity(rate) || IsSilent(other, now) || other.Rate < rate;

    private static bool IsSilent(PeerState other, double now) => other.Outstanding.Count > 0 && now - other.LastBlockAt > SilentSeconds;
}
