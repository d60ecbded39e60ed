using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>The open pieces, the list of those with free blocks, and the memory reserved for them.</summary>
/// <param name="pool">The memory.</param>
/// <param name="segmentLength">The segment length in bytes.</param>
internal sealed class OpenPieces(SegmentPool pool, int segmentLength)
{
    private readonly List<OpenPiece> _all = [];
    private readonly List<OpenPiece> _free = []; // those with free blocks, and some that have none any more and are removed when they are next examined

    public IReadOnlyList<OpenPiece> All => _all;

    /// <summary>Whether there is memory for another segment.</summary>
    public bool HasRoom => pool.HasRoom(segmentLength);

    /// <summary>Reserves memory for the first segment of a piece; false if there is none.</summary>
    public bool TryReserveFirst() => pool.TryReserve(segmentLength);

    public void Add(OpenPiece piece)
    {
        piece.OpenIndex = _all.Count;
        _all.Add(piece);
        ListFree(piece);
    }

    /// <summary>The open piece with an index; null if it is not open.</summary>
    public OpenPiece? Find(int index)
    {
        foreach (OpenPiece piece in _all)
        {
            if (piece.Index == index)
                return piece;
        }

        return null;
    }

    /// <summary>Adds a piece to the list of those with free blocks.</summary>
    public void ListFree(OpenPiece piece)
    {
        if (piece.IsListedFree || piece.IsClosed || piece.FreeBlocks == 0)
            return;
        piece.IsListedFree = true;
        _free.Add(piece);
    }

    /// <summary>The piece at a position in the list of those with free blocks; null beyond the end. Pieces that have none any more are removed here.</summary>
    public OpenPiece? NextFree(int place)
    {
        while (place < _free.Count)
        {
            OpenPiece piece = _free[place];
            if (piece is { IsClosed: false, FreeBlocks: > 0 })
                return piece;
            piece.IsListedFree = false;
            _free[place] = _free[^1];
            _free.RemoveAt(_free.Count - 1);
        }

        return null;
    }

    /// <summary>Reserves memory for a block, and those before it; false if there is none.</summary>
    public bool TryReserveFor(OpenPiece piece, int block)
    {
        int before = piece.ReservedSegments;
        while (piece.SegmentOf(block) >= piece.ReservedSegments)
        {
            if (!piece.IsKept(piece.ReservedSegments) && !pool.TryReserve(segmentLength))
            {
                for (; piece.ReservedSegments > before; piece.ReservedSegments--)
                {
                    if (!piece.IsKept(piece.ReservedSegments - 1))
                        pool.Release(segmentLength); // a part is useless
                }

                return false;
            }

            piece.ReservedSegments++;
        }

        return true;
    }

    /// <summary>A peer left or chokes us: other peers may continue its pieces.</summary>
    public void Disown(PeerState peer)
    {
        peer.Current = null;
        foreach (OpenPiece piece in _all)
        {
            if (piece.Owner == peer)
                piece.Owner = null;
        }
    }

    /// <summary>Discards received data of a piece that is not on its way to the disk, and returns its size in bytes.</summary>
    public long Drop(OpenPiece piece)
    {
        long wasted = piece.Drop(pool);
        ListFree(piece);
        return wasted;
    }

    /// <summary>Releases the memory of a piece, which is then no longer open.</summary>
    public void Abandon(OpenPiece piece)
    {
        piece.Abandon(pool);
        Close(piece);
    }

    /// <summary>A piece is no longer open.</summary>
    public void Close(OpenPiece piece)
    {
        if (piece.Owner is { } owner && owner.Current == piece)
            owner.Current = null;
        piece.IsClosed = true;
        _all[piece.OpenIndex] = _all[^1];
        _all[piece.OpenIndex].OpenIndex = piece.OpenIndex;
        _all.RemoveAt(_all.Count - 1);
    }

    /// <summary>Releases all memory, because the download ends.</summary>
    public void AbandonAll()
    {
        foreach (OpenPiece piece in _all)
        {
            piece.Writer?.Cancel();
            piece.Abandon(pool);
            piece.IsClosed = true;
        }

        _all.Clear();
        _free.Clear();
    }
}
