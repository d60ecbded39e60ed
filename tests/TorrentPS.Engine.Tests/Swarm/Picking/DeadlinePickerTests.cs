using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class DeadlinePickerTests
{
    private const int PieceCount = 4;

    private static (PiecePicker Picker, PeerState Slow, PeerState Fast) Create()
    {
        Torrent torrent = SwarmData.Pieces(PieceCount, blocks: 2);
        PiecePicker picker = new(torrent, new SegmentPool(0), SwarmData.All(PieceCount), new Bitfield(PieceCount), sequential: false, new Random(1));
        PeerState slow = SwarmData.Seed(PieceCount), fast = SwarmData.Seed(PieceCount);
        (slow.Rate, fast.Rate) = (1000, 1_000_000);
        picker.AddPeer(slow);
        picker.AddPeer(fast);
        return (picker, slow, fast);
    }

    private static int[] PickAll(PiecePicker picker, PeerState peer)
    {
        List<int> pieces = [];
        while (picker.Deadlines.TryPick(peer, 0, out Outstanding picked))
        {
            peer.Outstanding.Add(picked);
            pieces.Add(picked.Piece.Index);
        }

        return [.. pieces];
    }

    [Fact]
    public void Every_peer_helps_with_the_piece_that_is_due_first()
    {
        (PiecePicker picker, PeerState slow, PeerState fast) = Create();
        picker.Deadlines.Set(2, 1000);
        picker.Deadlines.Set(1, 500);
        Assert.True(picker.Deadlines.TryPick(slow, 0, out Outstanding first));
        slow.Outstanding.Add(first);
        Assert.Equal([1, 2, 2], PickAll(picker, fast));
        Assert.Equal((1, 0), (first.Piece.Index, first.Block));
    }

    [Theory]
    [InlineData(10, new int[0])] // in 33 s, the slow one has sent both
    [InlineData(33, new int[0])]
    public void Blocks_that_arrive_in_time_are_not_requested_twice(double earlier, int[] doubled)
    {
        (PiecePicker picker, PeerState slow, PeerState fast) = Create();
        picker.Deadlines.Set(1, 33 + earlier);
        Assert.Equal([1, 1], PickAll(picker, slow));
        Assert.Equal(doubled, PickAll(picker, fast));
    }

    [Fact]
    public void Blocks_that_would_arrive_too_late_are_requested_from_one_more_peer()
    {
        (PiecePicker picker, PeerState slow, PeerState fast) = Create();
        PeerState third = SwarmData.Seed(PieceCount);
        third.Rate = 2_000_000;
        picker.AddPeer(third);
        picker.Deadlines.Set(1, 20); // the second block arrives in 33 s
        Assert.Equal([1, 1], PickAll(picker, slow));
        Assert.True(picker.Deadlines.TryPick(fast, 0, out Outstanding late));
        Assert.Equal((1, 1), (late.Piece.Index, late.Block));
        Assert.False(picker.Deadlines.TryPick(third, 0, out _)); // of two at most
    }

    [Fact]
    public void Only_missing_pieces_have_deadlines()
    {
        (PiecePicker picker, PeerState slow, _) = Create();
        picker.Deadlines.Set(1, 20);
        picker.Deadlines.Set(3, 30);
        Assert.Equal((20.0, null), (picker.Deadlines.Of(1), picker.Deadlines.Of(2)));
        picker.Unwant([1], [slow]);
        Assert.Null(picker.Deadlines.Of(1));
        picker.Deadlines.Set(1, 20);
        Assert.Null(picker.Deadlines.Of(1));
        Assert.Equal(3, picker.Deadlines.First(slow.Pieces));
        Assert.Equal(-1, picker.Deadlines.First(SwarmData.Set(PieceCount, 0, 1, 2)));
    }

    [Fact]
    public void Pieces_become_wanted_again_even_after_completion()
    {
        Torrent torrent = SwarmData.Pieces(PieceCount, blocks: 1);
        PiecePicker picker = new(torrent, new SegmentPool(0), new Bitfield(PieceCount), new Bitfield(PieceCount), sequential: false, new Random(1));
        PeerState partial = SwarmData.Peer(PieceCount, 2), full = SwarmData.Seed(PieceCount);
        picker.AddPeer(partial);
        picker.AddPeer(full);
        Assert.Equal((0, 0), (picker.Missing, full.Interesting));
        picker.Want([1, 2], [partial, full]);
        Assert.Equal((2, 1, 2, 1), (picker.Missing, partial.Interesting, full.Interesting, picker.Availability(2)));
        picker.RemovePeer(partial);
        Assert.Equal(0, picker.Availability(2));
        picker.Unwant([1, 2], [full]);
        Assert.Equal((0, 0, PieceState.NotWanted), (picker.Missing, full.Interesting, picker[1]));
    }
}
