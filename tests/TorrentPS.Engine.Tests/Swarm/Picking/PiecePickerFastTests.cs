using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

/// <summary>Pieces that peers allow, suggest, reject and withdraw (BEP 6, 54).</summary>
public sealed class PiecePickerFastTests
{
    private readonly SegmentPool _pool = new(0);

    private PiecePicker Picker(int pieces, bool sequential = false, int have = 4) =>
        new(SwarmData.Pieces(pieces), _pool, SwarmData.All(pieces), SwarmData.Set(pieces, Enumerable.Range(0, have)), sequential, new Random(1));

    [Fact]
    public void Allowed_pieces_are_requested_to_their_end()
    {
        PiecePicker picker = Picker(12);
        PeerState peer = SwarmData.Peer(12, 3, 8, 9);
        peer.IsChokingUs = true;
        peer.AllowedFast.AddRange([3, 7, 9]); // 3 is complete already, the peer does not have 7
        picker.AddPeer(peer);
        List<(int, int)> picked = [];
        while (picker.TryPickAllowed(peer, out Outstanding item))
            picked.Add((item.Piece.Index, item.Block));
        Assert.Equal([(9, 0), (9, 1), (9, 2), (9, 3)], picked);
    }

    [Fact]
    public void An_allowed_piece_that_another_peer_is_downloading_is_left_to_it()
    {
        PiecePicker picker = Picker(6, sequential: true);
        PeerState other = SwarmData.Seed(6), peer = SwarmData.Seed(6);
        picker.AddPeer(other);
        picker.AddPeer(peer);
        peer.AllowedFast.Add(4);
        Assert.True(picker.TryPick(other, out Outstanding first));
        Assert.Equal(4, first.Piece.Index);
        Assert.False(picker.TryPickAllowed(peer, out _));
        picker.Disown(other);
        Assert.True(picker.TryPickAllowed(peer, out Outstanding second));
        Assert.Equal((4, 1), (second.Piece.Index, second.Block));
    }

    [Fact]
    public void A_suggested_piece_comes_before_the_rarest_but_not_in_sequence()
    {
        PiecePicker picker = Picker(12);
        picker.AddPeer(SwarmData.Peer(12, 4, 5, 6, 7, 8, 9, 10));
        PeerState peer = SwarmData.Seed(12);
        picker.AddPeer(peer);
        foreach (int piece in (int[])[0, 9, 5])
            peer.Suggested.Add(piece, 0); // 0 is there
        Assert.True(picker.TryPick(peer, out Outstanding item));
        Assert.Equal(9, item.Piece.Index);

        PiecePicker inSequence = Picker(12, sequential: true);
        PeerState another = SwarmData.Seed(12);
        inSequence.AddPeer(another);
        another.Suggested.Add(9, 0);
        Assert.True(inSequence.TryPick(another, out item));
        Assert.Equal(4, item.Piece.Index);
    }

    [Theory]
    [InlineData(12, new[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 })]
    [InlineData(12, new[] { 4, 6, 7 })]
    [InlineData(12, new[] { 1, 2, 4, 5, 6, 7, 8, 9, 10, 11 })]
    public void A_lost_piece_is_no_longer_counted_and_can_come_back(int pieces, int[] has)
    {
        PiecePicker picker = Picker(pieces);
        PeerState peer = SwarmData.Peer(pieces, has);
        picker.AddPeer(peer);
        int interesting = peer.Interesting;
        Assert.True(picker.PeerLacks(peer, 6));
        Assert.False(picker.PeerLacks(peer, 6));
        Assert.Equal(interesting - 1, peer.Interesting);
        Assert.Equal(0, picker.Availability(6));
        Assert.Equal(has.Length == pieces || has.Contains(7) ? 1 : 0, picker.Availability(7));
        Assert.True(picker.PeerHas(peer, 6));
        Assert.Equal(interesting, peer.Interesting);
        picker.RemovePeer(peer);
        Assert.All(Enumerable.Range(0, pieces), piece => Assert.Equal(0, picker.Availability(piece)));
    }

    [Fact]
    public void A_piece_that_a_peer_has_lost_is_no_longer_requested_from_it()
    {
        PiecePicker picker = Picker(6, sequential: true);
        PeerState peer = SwarmData.Seed(6), other = SwarmData.Seed(6);
        picker.AddPeer(peer);
        picker.AddPeer(other);
        Assert.True(picker.TryPick(peer, out Outstanding item));
        Assert.Equal(4, item.Piece.Index);
        picker.PeerLacks(peer, 4);
        Assert.True(picker.TryPick(peer, out Outstanding next));
        Assert.Equal(5, next.Piece.Index);
        Assert.True(picker.TryPick(other, out Outstanding taken));
        Assert.Equal((4, 1), (taken.Piece.Index, taken.Block));
    }

    [Fact]
    public void Everything_requested_from_a_peer_is_released_after_a_fault()
    {
        PiecePicker picker = new(SwarmData.Pieces(2), new SegmentPool(0), SwarmData.All(2), new Bitfield(2), sequential: true, new Random(1));
        PeerState gone = SwarmData.Seed(2), other = SwarmData.Seed(2);
        picker.AddPeer(gone);
        picker.AddPeer(other);
        for (int i = 0; i < 8; i++)
            Assert.True(picker.TryPick(gone, out _)); // and the peer itself records nothing of it
        Assert.False(picker.TryPick(other, out _));
        picker.ReleaseAllOf(gone);
        picker.Disown(gone);
        for (int i = 0; i < 8; i++)
            Assert.True(picker.TryPick(other, out _));
    }
}
