using FsCheck.Xunit;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class OpenPieceTests
{
    private const int Block = 16384;

    private readonly SegmentPool _pool = new(0);

    [Theory]
    [InlineData(1, 16384, 1, 1, 1)]
    [InlineData(16384, 16384, 1, 1, 16384)]
    [InlineData(16385, 32768, 2, 1, 1)]
    [InlineData(300_000, 262144, 19, 2, 5088)]
    [InlineData(1 << 20, 262144, 64, 4, 16384)]
    public void Is_cut_into_blocks_and_segments(int length, int segmentLength, int blocks, int segments, int lastBlock)
    {
        OpenPiece piece = new(7, length, segmentLength);
        Assert.Equal((blocks, blocks, 0, segments), (piece.BlockCount, piece.FreeBlocks, piece.ReceivedBlocks, piece.SegmentCount));
        Assert.Equal(lastBlock, piece.LengthOf(blocks - 1));
        Assert.Equal(length, Enumerable.Range(0, blocks).Sum(piece.LengthOf));
        Assert.Equal(length, Enumerable.Range(0, segments).Sum(piece.LengthOfSegment));
        Assert.Equal(new BlockRequestText(7, (blocks - 1) * Block, lastBlock), new BlockRequestText(piece.Request(blocks - 1)));
    }

    private sealed record BlockRequestText(int Piece, int Begin, int Length)
    {
        public BlockRequestText(Engine.Wire.BlockRequest request)
            : this(request.Piece, request.Begin, request.Length)
        {
        }
    }

    [Fact]
    public void Counts_free_requested_and_received_blocks()
    {
        PeerState a = SwarmData.Peer(1), b = SwarmData.Peer(1);
        OpenPiece piece = new(0, 4 * Block, 4 * Block);
        Assert.Equal(0, piece.NextFree());
        piece.AddRequester(0, a);
        piece.AddRequester(1, a);
        piece.AddRequester(1, b);
        Assert.Equal((2, 2, 1, 2), (piece.FreeBlocks, piece.NextFree(), piece.Requesters(0), piece.Requesters(1)));
        Assert.False(piece.IsUntouched);
        piece.RemoveRequester(1, a); // b has not sent it yet
        Assert.Equal((2, 1), (piece.FreeBlocks, piece.Requesters(1)));
        Assert.Same(b, piece.FirstRequester(1));
        piece.RemoveRequester(0, b); // had no request
        Assert.Equal(1, piece.Requesters(0));
        piece.RemoveRequester(0, a);
        Assert.Equal((3, 0), (piece.FreeBlocks, piece.NextFree()));
        piece.RemoveRequester(1, b);
        Assert.True(piece.IsUntouched);
    }

    [Fact]
    public void A_received_block_belongs_to_its_sender_and_is_requested_from_no_other()
    {
        PeerState a = SwarmData.Peer(1), b = SwarmData.Peer(1);
        OpenPiece piece = new(0, 3 * Block, 4 * Block);
        piece.AddRequester(0, a);
        piece.AddRequester(0, b);
        piece.Receive(0, b);
        Assert.Same(b, piece.Sender(0));
        Assert.Equal((0, 1, 2), (piece.Requesters(0), piece.ReceivedBlocks, piece.FreeBlocks));
        piece.RemoveRequester(0, b); // no request is left to withdraw
        Assert.True(piece.IsReceived(0));
    }

    [Fact]
    public void A_late_block_counts_once_whichever_peer_was_asked_meanwhile()
    {
        PeerState late = SwarmData.Peer(1), other = SwarmData.Peer(1);
        OpenPiece piece = new(0, 3 * Block, 4 * Block);
        piece.AddRequester(0, late);
        piece.RemoveRequester(0, late);
        piece.Receive(0, late);
        Assert.Equal((2, 1, 1), (piece.FreeBlocks, piece.ReceivedBlocks, piece.NextFree()));

        piece.AddRequester(1, late);
        piece.RemoveRequester(1, late);
        piece.AddRequester(1, other);
        Assert.Same(other, piece.FirstRequester(1));
        piece.Receive(1, late);
        Assert.Equal((1, 2, 2), (piece.FreeBlocks, piece.ReceivedBlocks, piece.NextFree()));
        Assert.Same(late, piece.Sender(1));
    }

    [Fact]
    public void Full_segments_are_taken_in_order()
    {
        PeerState peer = SwarmData.Peer(1);
        OpenPiece piece = new(0, 5 * Block, 2 * Block) { ReservedSegments = 3 };
        void Receive(int block)
        {
            piece.Place(block, _pool).Fill((byte)(block + 1));
            piece.AddRequester(block, peer);
            piece.Receive(block, peer);
        }

        Receive(2);
        Receive(3);
        Assert.Null(piece.TakeFullSegment()); // the second is full, but the first has precedence
        Receive(1);
        Assert.Null(piece.TakeFullSegment());
        Receive(0);
        byte[] first = piece.TakeFullSegment()!;
        Assert.Equal((1, 2), (first[0], first[^1]));
        byte[] second = piece.TakeFullSegment()!;
        Assert.Equal((3, 4), (second[0], second[^1]));
        Assert.Null(piece.TakeFullSegment());
        Assert.False(piece.IsComplete);
        Receive(4);
        Assert.Equal(5, piece.TakeFullSegment()![Block - 1]);
        Assert.Null(piece.TakeFullSegment());
        Assert.True(piece.IsComplete);
    }

    [Fact]
    public void Abandoning_releases_memory_not_passed_to_the_disk()
    {
        PeerState peer = SwarmData.Peer(1);
        OpenPiece piece = new(0, 6 * Block, 2 * Block);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(_pool.TryReserve(2 * Block));
            piece.ReservedSegments++;
        }

        foreach (int block in new[] { 0, 1, 2 })
        {
            piece.AddRequester(block, peer);
            piece.Place(block, _pool);
            piece.Receive(block, peer);
        }

        Assert.NotNull(piece.TakeFullSegment());
        piece.Abandon(_pool);
        Assert.Equal(2 * Block, _pool.Reserved); // the one at the disk
        piece.Abandon(_pool);
        Assert.Equal(2 * Block, _pool.Reserved);
    }

    [Fact]
    public void Blocks_not_passed_to_the_disk_can_be_dropped_and_fetched_again()
    {
        PeerState peer = SwarmData.Peer(1);
        OpenPiece piece = new(0, 6 * Block, 2 * Block);
        for (; piece.ReservedSegments < 3; piece.ReservedSegments++)
            Assert.True(_pool.TryReserve(2 * Block));
        foreach (int block in new[] { 0, 1, 2, 5 })
        {
            piece.AddRequester(block, peer);
            piece.Place(block, _pool);
            piece.Receive(block, peer);
        }

        Assert.NotNull(piece.TakeFullSegment());
        Assert.Equal(2 * Block, piece.Drop(_pool));
        Assert.Equal((4, 2, 2, 1), (piece.FreeBlocks, piece.ReceivedBlocks, piece.NextFree(), piece.ReservedSegments));
        Assert.Equal(2 * Block, _pool.Reserved);
        foreach (int block in new[] { 2, 3 })
        {
            piece.AddRequester(block, peer);
            piece.Place(block, _pool);
            piece.Receive(block, peer);
        }

        Assert.NotNull(piece.TakeFullSegment());
    }

    [Fact]
    public void Kept_blocks_are_neither_requested_nor_held_in_memory()
    {
        // Four segments of two blocks: the first and the last are kept, one block of the second, none of the third.
        PeerState peer = SwarmData.Peer(1);
        OpenPiece piece = new(0, 8 * Block, 2 * Block, [true, true, true, false, false, false, true, true]);
        Assert.Equal((3, 5, 3, 1, 1), (piece.FreeBlocks, piece.ReceivedBlocks, piece.NextFree(), piece.FlushedSegments, piece.ReservedSegments));
        Assert.Equal([true, false, false, true], Enumerable.Range(0, 4).Select(piece.IsKept));
        Assert.False(piece.IsUntouched);
        Assert.Null(piece.Sender(0));
        for (; piece.ReservedSegments < 3; piece.ReservedSegments++)
            Assert.True(_pool.TryReserve(2 * Block));
        foreach (int block in new[] { 3, 4 })
        {
            piece.AddRequester(block, peer);
            piece.Place(block, _pool);
            piece.Receive(block, peer);
        }

        Assert.NotNull(piece.TakeFullSegment());
        Assert.Null(piece.TakeFullSegment());
        Assert.Equal(Block, piece.Drop(_pool)); // and not the kept blocks
        Assert.Equal((2, 6, 2 * Block), (piece.FreeBlocks, piece.ReceivedBlocks, _pool.Reserved));
        Assert.True(_pool.TryReserve(2 * Block));
        piece.ReservedSegments++;
        foreach (int block in new[] { 4, 5 })
        {
            piece.AddRequester(block, peer);
            piece.Place(block, _pool);
            piece.Receive(block, peer);
        }

        Assert.NotNull(piece.TakeFullSegment());
        Assert.Null(piece.TakeFullSegment());
        Assert.True(piece.IsComplete);
        Assert.Equal((4, 4), (piece.FlushedSegments, piece.ReservedSegments));
        piece.Abandon(_pool);
        Assert.Equal(4 * Block, _pool.Reserved); // two segments are at the disk
    }

    [Property(MaxTest = 300)]
    public void Its_counts_are_those_of_its_blocks(int seed)
    {
        Random random = new(seed);
        PeerState[] peers = [.. Enumerable.Range(0, 4).Select(_ => SwarmData.Peer(1))];
        OpenPiece piece = new(0, 10 * Block - 5, 4 * Block);
        for (int step = 0; step < 100; step++)
        {
            int block = random.Next(piece.BlockCount);
            PeerState peer = peers[random.Next(4)];
            switch (random.Next(4))
            {
                case 0 or 1 when !piece.IsReceived(block) && piece.Requesters(block) < 2 && piece.FirstRequester(block) != peer:
                    piece.AddRequester(block, peer);
                    break;
                case 2:
                    piece.RemoveRequester(block, peer);
                    break;
                case 3 when !piece.IsReceived(block):
                    piece.Receive(block, peer);
                    break;
                default:
                    break;
            }

            int[] blocks = [.. Enumerable.Range(0, piece.BlockCount)];
            Assert.Equal(blocks.Count(i => !piece.IsReceived(i) && piece.Requesters(i) == 0), piece.FreeBlocks);
            Assert.Equal(blocks.Count(piece.IsReceived), piece.ReceivedBlocks);
            Assert.Equal(blocks.Where(piece.IsFree).Append(-1).First(), piece.NextFree());
            Assert.Equal(piece.FreeBlocks, blocks.Count(piece.IsFree));
            Assert.Equal(blocks.Count(i => piece.Requesters(i) == 1), piece.SingleBlocks);
        }
    }
}
