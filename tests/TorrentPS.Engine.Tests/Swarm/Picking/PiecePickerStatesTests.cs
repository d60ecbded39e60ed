using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

/// <summary>The transitions of a piece between states.</summary>
public sealed class PiecePickerStatesTests
{
    private readonly SegmentPool _pool = new(0);

    private PiecePicker Picker(int pieces, int have = 0, Func<int, bool>? isWithheld = null, Bitfield? urgent = null) =>
        new(SwarmData.Pieces(pieces, blocks: 2), _pool, SwarmData.All(pieces), SwarmData.Set(pieces, Enumerable.Range(0, have)), sequential: true, new Random(1), isWithheld, urgent);

    private static List<(int Piece, int Block)> PickAll(PiecePicker picker, PeerState peer)
    {
        List<(int, int)> picked = [];
        while (picker.TryPick(peer, out Outstanding item))
            picked.Add((item.Piece.Index, item.Block));
        return picked;
    }

    private static void Complete(PiecePicker picker, int piece, PeerState sender)
    {
        OpenPiece open = picker.Open.Single(item => item.Index == piece);
        for (int block = 0; block < open.BlockCount; block++)
            open.Receive(block, sender);
        picker.Completed(open);
    }

    [Fact]
    public void A_piece_without_a_hash_is_withheld_until_it_is_known()
    {
        PiecePicker picker = Picker(3, isWithheld: piece => piece != 1);
        PeerState peer = SwarmData.Seed(3);
        picker.AddPeer(peer);
        Assert.Equal((PieceState.Withheld, PieceState.Queued, 3, 3), (picker[0], picker[1], picker.Missing, peer.Interesting));
        Assert.Equal([(1, 0), (1, 1)], PickAll(picker, peer));
        Assert.True(picker.HasNothingFreeFor(peer));
        Assert.True(picker.IsEndGame);
        picker.Admit(1);
        Assert.Equal(PieceState.Open, picker[1]); // it was never withheld
        picker.Admit(0);
        Assert.Equal(PieceState.Queued, picker[0]);
        Assert.False(picker.HasNothingFreeFor(peer));
        Assert.False(picker.IsEndGame);
        Assert.Equal([(0, 0), (0, 1)], PickAll(picker, peer));
    }

    [Fact]
    public void Only_the_bad_blocks_of_a_piece_are_requested_again_from_any_peer()
    {
        PiecePicker picker = Picker(1);
        PeerState first = SwarmData.Seed(1), second = SwarmData.Seed(1);
        picker.AddPeer(first);
        picker.AddPeer(second);
        PickAll(picker, first);
        Complete(picker, 0, first);
        Assert.Equal(PieceState.Verifying, picker[0]);
        Assert.Empty(picker.Open);
        picker.Repair(0, [true, false]);
        Assert.Equal(PieceState.Open, picker[0]);
        Assert.False(picker.IsEndGame);
        Assert.Equal([(0, 1)], PickAll(picker, second));
        OpenPiece open = Assert.Single(picker.Open);
        Assert.False(open.IsOnParole);
        open.Receive(1, second);
        picker.Completed(open);
        Assert.Empty(picker.Open);
        picker.Verified(0);
        Assert.Equal((PieceState.Have, 0, true), (picker[0], picker.Missing, picker.Have[0]));
    }

    [Fact]
    public void When_everything_is_complete_nothing_is_picked_or_counted()
    {
        PiecePicker picker = Picker(2);
        PeerState peer = SwarmData.Seed(2), partial = SwarmData.Peer(2, 0);
        picker.AddPeer(peer);
        picker.AddPeer(partial);
        Assert.Equal(1, picker.Availability(0));
        PickAll(picker, peer);
        Complete(picker, 0, peer);
        picker.Verified(0);
        Assert.Equal((1, false), (picker.Missing, picker.IsMissing(0)));
        Complete(picker, 1, peer);
        picker.Verified(1);
        Assert.Equal((0, 0), (picker.Missing, picker.Availability(0)));
        Assert.True(picker.IsEndGame);
        Assert.True(picker.HasNothingFreeFor(peer));
        Assert.False(picker.TryPick(peer, out _));
        Assert.False(picker.Runs.TryClaim(peer, 0, 1, []));
        PeerState late = SwarmData.Peer(2);
        picker.AddPeer(late);
        Assert.True(picker.PeerHas(late, 1));
        Assert.Equal((0, 0), (late.Interesting, picker.Availability(1)));
        Assert.True(picker.PeerLacks(late, 1));
        picker.RemovePeer(late);
        picker.RemovePeer(peer);
    }

    [Fact]
    public void A_failed_piece_is_sent_by_a_single_peer_until_it_is_correct()
    {
        PiecePicker picker = Picker(1);
        PeerState a = SwarmData.Seed(1), b = SwarmData.Seed(1);
        picker.AddPeer(a);
        picker.AddPeer(b);
        PickAll(picker, a);
        Complete(picker, 0, a);
        picker.Failed(0);
        Assert.Equal((PieceState.Queued, 1), (picker[0], picker.Missing));
        Assert.True(picker.TryPick(a, out Outstanding item));
        Assert.True(item.Piece.IsOnParole);
        Assert.False(picker.TryPick(b, out _));
        Assert.False(picker.Runs.TryClaim(b, 0, 1, []));
        picker.Release(a, item);
        Assert.Equal(PieceState.Queued, picker[0]); // untouched again
        List<Outstanding> run = [];
        Assert.True(picker.Runs.TryClaim(b, 0, 1, run));
        Assert.True(run[0].Piece.IsOnParole);
        Complete(picker, 0, b);
        picker.Verified(0);
    }

    [Fact]
    public void A_peer_that_gets_its_last_piece_counts_as_complete()
    {
        PiecePicker picker = Picker(3);
        PeerState peer = SwarmData.Peer(3, 0, 1), other = SwarmData.Peer(3, 2);
        picker.AddPeer(peer);
        picker.AddPeer(other);
        Assert.Equal([1, 1, 1], Enumerable.Range(0, 3).Select(picker.Availability));
        Assert.True(picker.PeerHas(peer, 2));
        Assert.False(picker.PeerHas(peer, 2));
        Assert.Equal([0, 0, 1], Enumerable.Range(0, 3).Select(picker.Availability));
        Assert.Equal(3, peer.Interesting);
        picker.RemovePeer(peer);
        Assert.Equal([0, 0, 1], Enumerable.Range(0, 3).Select(picker.Availability));
    }

    [Fact]
    public void A_peer_without_a_piece_to_begin_is_examined_again_when_it_gets_one_or_one_is_queued()
    {
        PiecePicker picker = Picker(3);
        PeerState peer = SwarmData.Peer(3, 2), seed = SwarmData.Seed(3), newcomer = SwarmData.Peer(3);
        picker.AddPeer(peer);
        picker.AddPeer(seed);
        picker.AddPeer(newcomer);
        Assert.Equal([(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)], PickAll(picker, seed));
        Assert.Empty(PickAll(picker, peer));
        Assert.Empty(PickAll(picker, newcomer));
        Complete(picker, 2, seed);
        picker.Failed(2);
        Assert.False(picker.HasNothingFreeFor(peer));
        Assert.True(picker.HasNothingFreeFor(newcomer));
        Assert.True(picker.PeerHas(newcomer, 2));
        Assert.False(picker.HasNothingFreeFor(newcomer));
        Assert.Equal([(2, 0), (2, 1)], PickAll(picker, newcomer));
        Assert.True(picker.HasNothingFreeFor(peer));
    }

    [Fact]
    public void A_run_of_urgent_pieces_ends_with_them()
    {
        PiecePicker picker = Picker(6, urgent: SwarmData.Set(6, 2, 3));
        PeerState source = SwarmData.Seed(6);
        List<Outstanding> run = [];
        Assert.True(picker.Runs.TryClaim(source, 0, 100 << 20, run));
        Assert.Equal([(2, 0), (2, 1), (3, 0), (3, 1)], run.Select(item => (item.Piece.Index, item.Block)));
        run.Clear();
        Assert.True(picker.Runs.TryClaim(source, 5, 4 * 16384, run));
        Assert.Equal([(0, 0), (0, 1), (1, 0), (1, 1)], run.Select(item => (item.Piece.Index, item.Block)));
    }

    [Fact]
    public void A_run_takes_the_rest_of_the_piece_with_most_left_when_none_is_queued()
    {
        PiecePicker picker = new(SwarmData.Pieces(2, blocks: 4), _pool, SwarmData.All(2), new Bitfield(2), sequential: true, new Random(1));
        PeerState a = SwarmData.Seed(2), b = SwarmData.Peer(2, 1), source = SwarmData.Seed(2), partial = SwarmData.Peer(2, 0);
        for (int i = 0; i < 3; i++)
            Assert.True(picker.TryPick(a, out _));
        Assert.True(picker.TryPick(b, out _));
        List<Outstanding> run = [];
        Assert.True(picker.Runs.TryClaim(partial, 0, 1, run));
        Assert.Equal([(0, 3)], run.Select(item => (item.Piece.Index, item.Block)));
        run.Clear();
        Assert.True(picker.Runs.TryClaim(source, 0, 1, run));
        Assert.Equal([(1, 1), (1, 2), (1, 3)], run.Select(item => (item.Piece.Index, item.Block)));
        Assert.False(picker.Runs.TryClaim(source, 0, 1, run));
    }

    [Fact]
    public void At_the_end_of_a_download_no_piece_is_open_and_no_memory_is_held()
    {
        PiecePicker picker = Picker(2);
        PeerState peer = SwarmData.Seed(2);
        PickAll(picker, peer);
        OpenPiece[] open = [.. picker.Open];
        open[0].Place(0, _pool);
        open[0].Receive(0, peer);
        picker.AbandonAll();
        Assert.Empty(picker.Open);
        Assert.Equal(0, _pool.Reserved);
        Assert.All(open, piece => Assert.True(piece.IsClosed));
    }
}
