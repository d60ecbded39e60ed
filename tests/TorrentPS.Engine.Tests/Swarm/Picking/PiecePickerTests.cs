using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class PiecePickerTests
{
    private static PickerHarness Start(Torrent torrent, bool sequential = false, params IEnumerable<int> have) =>
        new(torrent, SwarmData.All(torrent.PieceCount), SwarmData.Set(torrent.PieceCount, have), sequential, seed: 1);

    [Fact]
    public void The_rarest_piece_comes_first()
    {
        PickerHarness harness = Start(SwarmData.Pieces(12), have: [0, 1, 2, 3]);
        for (int i = 0; i < 5; i++)
            harness.Join(SwarmData.Peer(12, Enumerable.Range(0, 12).Where(piece => piece != 9 && (piece != 10 || i == 0))));
        PeerState seed = SwarmData.Seed(12);
        harness.Join(seed);
        Assert.Equal([9, 10], Begun(harness, seed, 2));
        Assert.Equal([9, 10], harness.Picker.Open.Select(piece => piece.Index));
    }

    [Fact]
    public void The_first_pieces_are_random()
    {
        HashSet<int> first = [];
        for (int i = 0; i < 200; i++)
        {
            PickerHarness harness = new(SwarmData.Pieces(10), SwarmData.All(10), new Bitfield(10), false, seed: i);
            harness.Join(SwarmData.Peer(10, 0, 1, 2, 3, 4)); // 5 to 9 are rarer
            PeerState seed = SwarmData.Seed(10);
            harness.Join(seed);
            first.Add(Begun(harness, seed, 1)[0]);
        }

        Assert.Equal(Enumerable.Range(0, 10), first.Order());
    }

    [Fact]
    public void An_abandoned_piece_is_adopted_before_another_is_begun()
    {
        PickerHarness harness = Start(SwarmData.Pieces(8));
        PeerState first = SwarmData.Seed(8), second = SwarmData.Seed(8);
        harness.Join(first);
        harness.Ask(first);
        harness.Receive(first, 0);
        OpenPiece begun = harness.Picker.Open[0];
        harness.Leave(first);
        harness.Join(second);
        Assert.True(harness.Ask(second));
        Assert.Same(begun, second.Outstanding[0].Piece);
        Assert.Equal(1, second.Outstanding[0].Block);
        Assert.Same(second, begun.Owner);
    }

    [Fact]
    public void An_untouched_piece_is_queued_again()
    {
        PickerHarness harness = Start(SwarmData.Pieces(8));
        PeerState peer = SwarmData.Seed(8);
        harness.Join(peer);
        harness.Ask(peer);
        int piece = peer.Outstanding[0].Piece.Index;
        Assert.Equal(PieceState.Open, harness.Picker[piece]);
        harness.Leave(peer);
        Assert.Equal(PieceState.Queued, harness.Picker[piece]);
        Assert.Equal(0, harness.Pool.Reserved);
        harness.Check();
    }

    [Fact]
    public void In_sequence_on_request()
    {
        PickerHarness harness = Start(SwarmData.Pieces(6), sequential: true, 1);
        PeerState partial = SwarmData.Peer(6, 3, 4, 5), seed = SwarmData.Seed(6);
        harness.Join(partial);
        harness.Join(seed);
        Assert.Equal([0, 2], Begun(harness, seed, 2));
        Assert.Equal([3], Begun(harness, partial, 1));
        Assert.Equal([4, 5], Begun(harness, seed, 2));
    }

    [Fact]
    public void In_sequence_a_failed_piece_comes_next()
    {
        PickerHarness harness = Start(SwarmData.Pieces(6), sequential: true);
        PeerState seed = SwarmData.Seed(6);
        harness.Join(seed);
        Assert.Equal([0, 1], Begun(harness, seed, 2));
        for (int i = 0; i < 4; i++)
            harness.Receive(seed, 0);
        harness.WriteSegment(_ => false);
        Assert.Equal(PieceState.Queued, harness.Picker[0]);
        Assert.Equal([0, 2], Begun(harness, seed, 2));
    }

    [Fact]
    public void A_failed_piece_is_fetched_from_a_single_peer()
    {
        PickerHarness harness = Start(SwarmData.Pieces(1));
        PeerState a = SwarmData.Seed(1), b = SwarmData.Seed(1);
        harness.Join(a);
        harness.Join(b);
        harness.Ask(a);
        harness.Ask(b);
        Assert.Same(a.Outstanding[0].Piece, b.Outstanding[0].Piece); // the first piece that they share
        harness.Ask(a);
        harness.Ask(b);
        while (a.Outstanding.Count + b.Outstanding.Count > 0)
            harness.Receive(a.Outstanding.Count > 0 ? a : b, 0);
        harness.WriteSegment(_ => false);
        harness.Check();

        Assert.True(harness.Ask(a));
        Assert.True(a.Outstanding[0].Piece.IsOnParole);
        Assert.False(harness.Ask(b));
        for (int i = 0; i < 3; i++)
            Assert.True(harness.Ask(a));
        while (a.Outstanding.Count > 0)
            harness.Receive(a, 0);
        harness.WriteSegment(_ => true);
        Assert.Equal(0, harness.Picker.Missing);
    }

    [Fact]
    public void A_failed_piece_does_not_wait_for_a_much_slower_peer()
    {
        PickerHarness harness = Start(SwarmData.Pieces(1, 40));
        PeerState slow = SwarmData.Seed(1), fast = SwarmData.Seed(1);
        (slow.Rate, fast.Rate) = (1000, 100_000);
        harness.Join(slow);
        harness.Join(fast);
        FailPiece(harness, fast);
        Assert.True(harness.Ask(slow));
        Assert.Same(slow, harness.Picker.Open[0].Owner);
        Assert.True(harness.Ask(fast));
        Assert.Same(fast, harness.Picker.Open[0].Owner);
        harness.Check();
    }

    /// <summary>Memory runs out while a peer downloads a piece that is reserved for it; the peer turns to another piece, and must return to the first.</summary>
    [Fact]
    public void A_peer_returns_to_its_own_piece_when_there_is_memory_again()
    {
        PickerHarness harness = Start(SwarmData.Pieces(3, 24));
        PeerState peer = SwarmData.Seed(3), gone = SwarmData.Peer(3, 1);
        harness.Join(peer);
        harness.Join(gone);
        harness.Ask(gone);
        harness.Receive(gone, 0);
        harness.Leave(gone);
        PeerState only = SwarmData.Peer(3, 0);
        harness.Join(only);
        FailPiece(harness, only);
        harness.Choke(only);

        PeerState owner = SwarmData.Peer(3, 0, 1);
        harness.Join(owner);
        harness.Picker.Open[0].Owner = peer; // so that the owner starts with its own piece
        for (int i = 0; i < 16; i++)
            harness.Ask(owner);
        Assert.Equal(0, owner.Current!.Index);
        harness.Picker.Open[0].Owner = null;
        int taken = 0;
        while (harness.Pool.TryReserve(SegmentPool.MaxSegmentLength))
            taken++;
        Assert.True(harness.Ask(owner)); // a block of the other piece, for which memory is reserved
        Assert.Equal(1, owner.Current!.Index);
        for (int i = 0; i < taken; i++)
            harness.Pool.Release(SegmentPool.MaxSegmentLength);
        while (harness.Ask(owner, endGame: false))
        {
        }

        Assert.All(harness.Picker.Open, piece => Assert.Equal(0, piece.FreeBlocks));
    }

    [Fact]
    public void When_memory_is_short_pieces_are_shared_rather_than_begun()
    {
        PickerHarness harness = Start(SwarmData.Pieces(20, 16)); // a piece is a segment of the largest size; eight fit
        List<PeerState> peers = [.. Enumerable.Range(0, 10).Select(_ => SwarmData.Seed(20))];
        foreach (PeerState peer in peers)
        {
            harness.Join(peer);
            Assert.True(harness.Ask(peer));
        }

        Assert.Equal(8, harness.Picker.Open.Count);
        Assert.True(harness.Pool.IsShort);
        Assert.NotSame(peers[8], peers[8].Outstanding[0].Piece.Owner);
        harness.Check();
    }

    /// <summary>Considering pieces that are not chosen must reserve no memory.</summary>
    [Fact]
    public void Sharing_reserves_memory_for_the_chosen_piece_alone()
    {
        PickerHarness harness = Start(SwarmData.Pieces(2, 40));
        foreach (int blocks in new[] { 32, 16 }) // each at the end of a segment; the second has more work
        {
            PeerState owner = SwarmData.Seed(2);
            harness.Join(owner);
            for (int asked = 0; asked < blocks; asked++)
                harness.Ask(owner, endGame: false);
        }

        long before = harness.Pool.Reserved;
        PeerState other = SwarmData.Seed(2);
        harness.Join(other);
        Assert.True(harness.Ask(other, endGame: false));
        Assert.Equal(before + SegmentPool.MaxSegmentLength, harness.Pool.Reserved);
        harness.Check();
    }

    [Fact]
    public void Pieces_that_no_peer_can_finish_release_their_memory()
    {
        PickerHarness harness = Start(SwarmData.Pieces(10));
        PeerState gone = SwarmData.Peer(10, 1, 2), other = SwarmData.Peer(10, 3);
        harness.Join(gone);
        harness.Join(other);
        harness.Ask(gone);
        harness.Receive(gone, 0);
        harness.Ask(other);
        harness.Leave(gone);
        Assert.Equal(2, harness.Picker.Open.Count);
        Assert.Equal(16384, harness.Picker.AbandonUnfinishable(harness.Peers));
        Assert.Equal([3], harness.Picker.Open.Select(piece => piece.Index));
        harness.Check();
    }

    [Fact]
    public void Partly_written_pieces_do_not_hold_memory_that_others_need()
    {
        PickerHarness harness = Start(SwarmData.Pieces(9, 40), sequential: true);
        PeerState gone = SwarmData.Peer(9, Enumerable.Range(0, 8)), other = SwarmData.Peer(9, 8);
        harness.Join(gone);
        harness.Join(other);
        for (int piece = 0; piece < 8; piece++)
        {
            for (int block = 0; block < 17; block++)
            {
                Assert.True(harness.Ask(gone));
                harness.Receive(gone, 0);
                harness.WriteAll();
            }

            gone.Current = null; // as if several peers had started them
            harness.Picker.Open[^1].Owner = other;
        }

        harness.Leave(gone);
        Assert.False(harness.Ask(other));
        Assert.Equal(8 * 16384, harness.Picker.AbandonUnfinishable(harness.Peers));
        Assert.True(harness.Ask(other));
        Assert.Equal(8, other.Outstanding[0].Piece.Index);
        Assert.Equal(SegmentPool.MaxSegmentLength, harness.Pool.Reserved);
    }

    [Fact]
    public void Blocks_that_a_late_peer_owes_are_not_requested_twice_unless_released()
    {
        PickerHarness harness = Start(SwarmData.Pieces(1, 8));
        PeerState late = SwarmData.Seed(1), other = SwarmData.Seed(1);
        harness.Join(late);
        harness.Join(other);
        for (int i = 0; i < 6; i++)
            harness.Ask(late);
        harness.Receive(late, 0);
        harness.Snub(late);
        harness.Check();
        for (int i = 0; i < 2; i++)
            harness.Ask(other); // 1 and 2
        harness.Receive(late, 0); // 1, after all
        Assert.Equal([2], Enumerable.Range(0, other.Outstanding.Count).Select(i => other.Outstanding[i].Block));
        for (int i = 0; i < 2; i++)
            Assert.True(harness.Ask(late));
        Assert.Equal([2, 3, 4, 5, 6, 7], Enumerable.Range(0, late.Outstanding.Count).Select(i => late.Outstanding[i].Block));
        harness.Check();
    }

    [Fact]
    public void Unwanted_pieces_are_never_requested()
    {
        PickerHarness harness = new(SwarmData.Pieces(4, 1), SwarmData.Set(4, 1, 3), new Bitfield(4), false, 1);
        PeerState seed = SwarmData.Seed(4);
        harness.Join(seed);
        Assert.Equal(2, seed.Interesting);
        Assert.Equal([1, 3], Begun(harness, seed, 2).Order());
        Assert.False(harness.Ask(seed));
        Assert.Equal(PieceState.NotWanted, harness.Picker[0]);
    }

    private static void FailPiece(PickerHarness harness, PeerState peer)
    {
        while (harness.Ask(peer, endGame: false))
            harness.Receive(peer, 0);
        while (harness.IsWriting)
            harness.WriteSegment(_ => false);
        harness.Check();
    }

    /// <summary>Requests from a peer until it has started a number of pieces, with all their blocks, and returns their indexes.</summary>
    private static List<int> Begun(PickerHarness harness, PeerState peer, int count)
    {
        List<int> begun = [];
        while (true)
        {
            if (begun.Count == count && peer.Current is null or { FreeBlocks: 0 })
                return begun;
            Assert.True(harness.Ask(peer, endGame: false));
            int piece = peer.Outstanding[peer.Outstanding.Count - 1].Piece.Index;
            if (begun.Count == 0 || begun[^1] != piece)
                begun.Add(piece);
        }
    }
}
