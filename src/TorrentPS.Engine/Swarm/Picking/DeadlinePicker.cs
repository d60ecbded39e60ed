using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Picks blocks of pieces with a deadline, as for a player: before all others, the piece due first before the next, each from all peers that have it at once. A block
/// that would arrive too late from one peer is requested from one more that sends it sooner. A piece that no peer has keeps its deadline and delays nothing.
/// </summary>
/// <param name="picker">The pieces and their states.</param>
/// <param name="open">The pieces in progress.</param>
internal sealed class DeadlinePicker(PiecePicker picker, OpenPieces open)
{
    /// <summary>The number of pieces considered for one block: with very many deadlines, the last ones are not urgent yet.</summary>
    private const int MostAtOnce = 16;

    private readonly List<(double Due, int Piece)> _due = []; // the first due first

    /// <summary>Sets the deadline of a missing piece, in seconds of the torrent's clock; null removes it.</summary>
    public void Set(int piece, double? due)
    {
        Clear(piece);
        if (due is not { } at || !picker.IsMissing(piece))
            return;
        int place = _due.BinarySearch((at, piece));
        _due.Insert(place < 0 ? ~place : place, (at, piece));
    }

    /// <summary>The deadline of a piece; null if it has none.</summary>
    public double? Of(int piece) => _due.FindIndex(one => one.Piece == piece) is >= 0 and int place ? _due[place].Due : null;

    /// <summary>The deadlines, the first due first.</summary>
    public IReadOnlyList<(double Due, int Piece)> All => _due;

    /// <summary>A piece is complete, or no longer wanted.</summary>
    public void Clear(int piece)
    {
        if (_due.Count > 0)
            _due.RemoveAll(one => one.Piece == piece);
    }

    /// <summary>The first queued piece with a deadline among some pieces; -1 if there is none.</summary>
    public int First(Bitfield has)
    {
        foreach ((_, int piece) in _due)
        {
            if (picker[piece] == PieceState.Queued && has[piece])
                return piece;
        }

        return -1;
    }

    /// <summary>The next block with a deadline to request from a peer, recorded as requested; false if there is none.</summary>
    /// <param name="peer">The peer, which does not choke us.</param>
    /// <param name="now">The torrent's clock in seconds.</param>
    /// <param name="picked">The block.</param>
    public bool TryPick(PeerState peer, double now, out Outstanding picked)
    {
        picked = default;
        for (int i = 0, looked = 0; i < _due.Count && looked < MostAtOnce; i++)
        {
            (double due, int index) = _due[i];
            if (!peer.Pieces[index])
                continue;
            looked++;
            if (picker[index] == PieceState.Queued ? picker.TryOpen(index, peer, out picked) : open.Find(index) is { } piece && TryJoin(piece, peer, due, now, out picked))
                return true;
        }

        return false;
    }

    /// <summary>Takes a block of a piece that other peers are downloading, too. A piece on parole stays with its peer.</summary>
    private bool TryJoin(OpenPiece piece, PeerState peer, double due, double now, out Outstanding picked)
    {
        picked = default;
        if (piece.IsOnParole && piece.Owner is { } owner && owner != peer)
            return false;
        return picker.TryTake(piece, peer, out picked) || TryDouble(piece, peer, due, now, out picked);
    }

    private bool TryDouble(OpenPiece piece, PeerState peer, double due, double now, out Outstanding picked)
    {
        picked = default;
        for (int block = 0; block < piece.BlockCount; block++)
        {
            if (piece.Requesters(block) != 1 || piece.FirstRequester(block) is not { } other || other == peer)
                continue;
            int position = other.Outstanding.IndexOf(piece.Index, block);
            double dueIn = position < 0 ? double.PositiveInfinity : EndGame.DueIn(other, position, now);
            if (now + dueIn <= due || !EndGame.IsWorthwhile(picker, peer, peer.Outstanding.Count, dueIn) || !picker.TryReserveFor(piece, block))
                continue;
            piece.AddRequester(block, peer);
            picked = new Outstanding(piece, block);
            return true;
        }

        return false;
    }
}
