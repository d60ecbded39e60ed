using System.Diagnostics;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// A piece that is being downloaded: which of its blocks are free, requested or received, and the pooled segments with the received ones. A block has up to two
/// requesters, the peers it was requested from; once it is received, the first is its sender.
/// </summary>
internal sealed class OpenPiece
{
    private readonly Block[] _blocks;
    private readonly Segment[] _segments;
    private int _doubled;
    private int _cursor;

    /// <param name="index">The piece.</param>
    /// <param name="length">The number of bytes to request.</param>
    /// <param name="segmentLength">The segment length in bytes.</param>
    /// <param name="kept">Which of its blocks are already on disk, and correct; null for none.</param>
    public OpenPiece(int index, int length, int segmentLength, bool[]? kept = null)
    {
        Index = index;
        Length = length;
        SegmentLength = segmentLength;
        BlockCount = (length + BlockRequest.BlockLength - 1) / BlockRequest.BlockLength;
        FreeBlocks = BlockCount;
        _blocks = new Block[BlockCount];
        _segments = new Segment[(length + segmentLength - 1) / segmentLength];
        for (int i = 0; i < _segments.Length; i++)
            _segments[i].Missing = (LengthOfSegment(i) + BlockRequest.BlockLength - 1) / BlockRequest.BlockLength;
        Kept = kept;
        if (kept is not null)
            Keep(kept);
    }

    public int Index { get; }

    public int Length { get; }

    public int SegmentLength { get; }

    /// <summary>The blocks that were correct when the rest of the piece was not, and so are not requested again; null for none. They have no sender.</summary>
    public bool[]? Kept { get; }

    public int SegmentCount => _segments.Length;

    public int BlockCount { get; }

    /// <summary>The number of blocks not requested.</summary>
    public int FreeBlocks { get; private set; }

    public int ReceivedBlocks { get; private set; }

    /// <summary>The number of blocks requested from only one peer.</summary>
    public int SingleBlocks => BlockCount - FreeBlocks - ReceivedBlocks - _doubled;

    public bool IsComplete => ReceivedBlocks == BlockCount;

    /// <summary>Whether no block is received or requested.</summary>
    public bool IsUntouched => ReceivedBlocks == 0 && FreeBlocks == BlockCount;

    /// <summary>The peer that began the piece and is its only source while it is fast enough; null if it has left.</summary>
    public PeerState? Owner { get; set; }

    /// <summary>Whether the piece had a wrong hash before: then it is requested from a single peer, so that the sender of bad data is certain.</summary>
    public bool IsOnParole { get; init; }

    /// <summary>The number of segments with reserved memory, except kept ones: a prefix, because blocks are requested in order.</summary>
    public int ReservedSegments { get; set; }

    /// <summary>The number of segments passed to the disk: a prefix.</summary>
    public int FlushedSegments { get; private set; }

    /// <summary>Its index among the open pieces.</summary>
    public int OpenIndex { get; set; }

    /// <summary>Whether it is in the list of pieces with free blocks.</summary>
    public bool IsListedFree { get; set; }

    /// <summary>Whether it is no longer open: complete, or abandoned.</summary>
    public bool IsClosed { get; set; }

    /// <summary>The hash and the writes in progress; created at the first flush.</summary>
    public PieceWriter? Writer { get; set; }

    public BlockRequest Request(int block) => new(Index, block * BlockRequest.BlockLength, LengthOf(block));

    public int LengthOf(int block) => Math.Min(BlockRequest.BlockLength, Length - block * BlockRequest.BlockLength);

    public bool IsReceived(int block) => _blocks[block].IsReceived;

    public bool IsFree(int block) => !_blocks[block].IsReceived && _blocks[block].First is null;

    /// <summary>The number of peers that a missing block was requested from.</summary>
    public int Requesters(int block) => _blocks[block].IsReceived ? 0 : (_blocks[block].First is null ? 0 : 1) + (_blocks[block].Second is null ? 0 : 1);

    public PeerState? FirstRequester(int block) => _blocks[block].First;

    public PeerState? SecondRequester(int block) => _blocks[block].Second;

    /// <summary>The sender of a received block.</summary>
    public PeerState? Sender(int block) => _blocks[block].IsReceived ? _blocks[block].First : null;

    public int SegmentOf(int block) => (int)((long)block * BlockRequest.BlockLength / SegmentLength);

    /// <summary>Whether a whole segment is already on disk, so that it needs no memory.</summary>
    public bool IsKept(int segment) => _segments[segment].IsKept;

    public int LengthOfSegment(int segment) => Math.Min(SegmentLength, Length - segment * SegmentLength);

    /// <summary>The first free block; -1 if there is none.</summary>
    public int NextFree()
    {
        if (FreeBlocks == 0)
            return -1;
        while (!IsFree(_cursor))
            _cursor++;
        return _cursor;
    }

    public void AddRequester(int block, PeerState peer)
    {
        Debug.Assert(!_blocks[block].IsReceived);
        if (_blocks[block].First is null)
        {
            _blocks[block].First = peer;
            FreeBlocks--;
        }
        else
        {
            Debug.Assert(_blocks[block].Second is null && _blocks[block].First != peer);
            _blocks[block].Second = peer;
            _doubled++;
        }
    }

    /// <summary>Removes a peer from the requesters of a missing block; without requesters, the block is free.</summary>
    public void RemoveRequester(int block, PeerState peer)
    {
        if (_blocks[block].IsReceived)
            return;
        ref Block slot = ref _blocks[block];
        if (slot.First != peer && slot.Second != peer)
            return;
        if (slot.Second is not null)
        {
            slot.First = slot.First == peer ? slot.Second : slot.First;
            slot.Second = null;
            _doubled--;
        }
        else
        {
            slot.First = null;
            FreeBlocks++;
            _cursor = Math.Min(_cursor, block);
        }
    }

    /// <summary>The memory of a block.</summary>
    public Span<byte> Place(int block, SegmentPool pool)
    {
        int segment = SegmentOf(block);
        byte[] buffer = _segments[segment].Buffer ??= pool.Rent(SegmentLength);
        return buffer.AsSpan(block * BlockRequest.BlockLength - segment * SegmentLength, LengthOf(block));
    }

    /// <summary>Records that a block was received. The caller cancels the other requests for it.</summary>
    public void Receive(int block, PeerState sender)
    {
        Debug.Assert(!_blocks[block].IsReceived);
        ref Block slot = ref _blocks[block];
        if (slot.First is null)
            FreeBlocks--;
        else if (slot.Second is not null)
            _doubled--;
        slot = new Block { First = sender, IsReceived = true };
        ReceivedBlocks++;
        _segments[SegmentOf(block)].Missing--;
    }

    /// <summary>Takes the next segment in order if it is full; null if it is not.</summary>
    public byte[]? TakeFullSegment()
    {
        if (FlushedSegments == _segments.Length || _segments[FlushedSegments].Missing != 0)
            return null;
        byte[] segment = _segments[FlushedSegments].Buffer!;
        _segments[FlushedSegments++].Buffer = null;
        PassKept();
        return segment;
    }

    private void Keep(bool[] kept)
    {
        for (int block = 0; block < kept.Length; block++)
        {
            if (!kept[block])
                continue;
            _blocks[block].IsReceived = true;
            ReceivedBlocks++;
            FreeBlocks--;
            _segments[SegmentOf(block)].Missing--;
        }

        for (int i = 0; i < _segments.Length; i++)
            _segments[i].IsKept = _segments[i].Missing == 0;
        PassKept();
    }

    private void PassKept()
    {
        while (FlushedSegments < _segments.Length && _segments[FlushedSegments].IsKept)
            FlushedSegments++;
        ReservedSegments = Math.Max(ReservedSegments, FlushedSegments);
    }

    /// <summary>Discards the blocks that were not passed to the disk, and releases their memory. None may be requested. Returns their size in bytes.</summary>
    public long Drop(SegmentPool pool)
    {
        long dropped = 0;
        for (int block = 0; block < BlockCount; block++)
        {
            if (!_blocks[block].IsReceived || SegmentOf(block) < FlushedSegments || Kept?[block] == true)
                continue;
            _blocks[block].IsReceived = false;
            _blocks[block].First = null;
            _segments[SegmentOf(block)].Missing++;
            _cursor = Math.Min(_cursor, block);
            ReceivedBlocks--;
            FreeBlocks++;
            dropped += LengthOf(block);
        }

        Abandon(pool);
        return dropped;
    }

    /// <summary>Releases the memory that was not passed to the disk.</summary>
    public void Abandon(SegmentPool pool)
    {
        for (int i = FlushedSegments; i < _segments.Length; i++)
        {
            if (_segments[i].Buffer is { } segment)
                pool.Return(segment);
            _segments[i].Buffer = null;
        }

        for (int i = FlushedSegments; i < ReservedSegments; i++)
        {
            if (!IsKept(i))
                pool.Release(SegmentLength);
        }

        ReservedSegments = FlushedSegments;
    }

    private struct Block
    {
        public PeerState? First;
        public PeerState? Second;
        public bool IsReceived;
    }

    private struct Segment
    {
        public byte[]? Buffer;
        public int Missing;
        public bool IsKept;
    }
}
