using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>The pieces that are being put together, which of them have free blocks, and the memory that is set aside for them.</summary>
/// <param name="pool">Where the memory comes from.</param>
/// <param name="segmentLength">Bytes of a segment.</param>
internal sealed class OpenPieces(SegmentPool pool, int segmentLength)
{
    private readonly List<OpenPiece> _all = [];
    private readonly List<OpenPiece> _free = []; // those with free blocks; and some that have none any more, until they are looked at

    public IReadOnlyList<OpenPiece> All => _all;

    /// <summary>Whether there is memory for one more.</summary>
    public bool HasRoom => pool.HasRoom(segmentLength);

    /// <summary>Sets memory aside for the first segment of a piece; false when there is none.</summary>
    public bool TryReserveFirst() => pool.TryReserve(segmentLength);

    public void Add(OpenPiece piece)
    {
        piece.OpenIndex = _all.Count;
        _all.Add(piece);
        ListFree(piece);
    }

    /// <summary>The open piece of a number; null when it is not open.</summary>
    public OpenPiece? Find(int index)
    {
        foreach (OpenPiece piece in _all)
        {
            if (piece.Index == index)
                return piece;
        }

        return null;
    }

    /// <summary>Notes that a piece has free blocks.</summary>
    public void ListFree(OpenPiece piece)
    {
        if (piece.IsListedFree || piece.IsClosed || piece.FreeBlocks == 0)
            return;
        piece.IsListedFree = true;
        _free.Add(piece);
    }

    /// <summary>The piece at a place of the list of those with free blocks; null behind the end. Pieces that have none any more leave the list here.</summary>
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

    /// <summary>Sets memory aside for a block, and those before it; false when there is none.</summary>
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
                        pool.Release(segmentLength); // a part is of no use
                }

                return false;
            }

            piece.ReservedSegments++;
        }

        return true;
    }

    /// <summary>A peer is gone or chokes us: what it began is others' to go on with.</summary>
    public void Disown(PeerState peer)
    {
        peer.Current = null;
        foreach (OpenPiece piece in _all)
        {
            if (piece.Owner == peer)
                piece.Owner = null;
        }
    }

    /// <summary>Gives up what has come of a piece and is not on its way to the disk, and says how many bytes that was.</summary>
    public long Drop(OpenPiece piece)
    {
        long wasted = piece.Drop(pool);
        ListFree(piece);
        return wasted;
    }

    /// <summary>Gives back the memory of a piece, which is open no more.</summary>
    public void Abandon(OpenPiece piece)
    {
        piece.Abandon(pool);
        Close(piece);
    }

    /// <summary>A piece is open no more.</summary>
    public void Close(OpenPiece piece)
    {
        if (piece.Owner is { } owner && owner.Current == piece)
            owner.Current = null;
        piece.IsClosed = true;
        _all[piece.OpenIndex] = _all[^1];
        _all[piece.OpenIndex].OpenIndex = piece.OpenIndex;
        _all.RemoveAt(_all.Count - 1);
    }

    /// <summary>Gives back all memory: the download ends.</summary>
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
