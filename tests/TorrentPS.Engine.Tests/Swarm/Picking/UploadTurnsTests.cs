using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class UploadTurnsTests
{
    private const int PieceLength = 131072;

    private readonly UploadTurns _turns = new(4, PieceLength);
    private readonly List<PeerState> _ended = [];
    private readonly List<PeerState> _begun = [];
    private double _now;
    private bool _isSeeding = true;

    private static PeerState[] Interested(int count) => [.. Enumerable.Range(0, count).Select(_ =>
    {
        PeerState peer = SwarmData.Peer(1);
        peer.IsInterestedInUs = true;
        return peer;
    })];

    /// <summary>Ends and begins turns, as a torrent does. Peers whose turn begins request a piece and more at once.</summary>
    private void Update(PeerState[] peers, params PeerState[] silent)
    {
        _ended.Clear();
        _begun.Clear();
        _turns.Update(peers, _isSeeding, _now, _ended, _begun);
        foreach (PeerState peer in _ended)
        {
            peer.IsChokedByUs = true;
            (peer.Turn.Waiting, peer.Turn.NextPiece) = (0, -1);
        }

        foreach (PeerState peer in _begun)
        {
            peer.IsChokedByUs = false;
            UploadTurns.Begin(peer, _now);
            if (silent.Contains(peer))
                continue;
            (peer.Turn.Waiting, peer.Turn.NextPiece) = (16, 0);
            _turns.Asked(peer, _now);
        }
    }

    /// <summary>Sends a piece to each peer, one after the other.</summary>
    private void Serve(PeerState[] peers, int bytes = PieceLength, PeerState[]? silent = null)
    {
        foreach (PeerState peer in peers)
        {
            if (peer.IsChokedByUs || peer.Turn.Waiting == 0)
                continue;
            _now += 0.1;
            peer.UploadRate.Add(bytes, _now);
            peer.Turn.BusyAt = _now;
            (peer.Turn.LastPiece, peer.Turn.NextPiece) = (0, 1);
            Update(peers, silent ?? []);
        }
    }

    [Fact]
    public void All_are_served_while_there_are_slots()
    {
        PeerState[] peers = Interested(4);
        Update(peers);
        Assert.Equal(peers, _begun);
        Serve(peers);
        Serve(peers);
        Assert.All(peers, peer => Assert.False(peer.IsChokedByUs));
        Assert.False(_turns.IsCrowded);
    }

    [Fact]
    public void A_seed_serves_a_crowd_a_piece_each_by_turns()
    {
        PeerState[] peers = Interested(12);
        Update(peers);
        Assert.Equal(4, _begun.Count);
        for (int i = 0; i < 12; i++)
        {
            Serve(peers);
            Assert.Equal(4, peers.Count(peer => !peer.IsChokedByUs));
        }

        Assert.InRange(peers.Max(peer => peer.UploadRate.Total) - peers.Min(peer => peer.UploadRate.Total), 0, PieceLength);
    }

    [Fact]
    public void A_turn_does_not_end_within_a_piece_but_has_a_limit()
    {
        PeerState[] peers = Interested(9);
        Update(peers);
        PeerState first = peers[0];
        first.UploadRate.Add(PieceLength + 16384, _now);
        (first.Turn.LastPiece, first.Turn.NextPiece) = (3, 3);
        Update(peers);
        Assert.False(first.IsChokedByUs);
        first.UploadRate.Add(PieceLength, _now);
        Update(peers);
        Assert.True(first.IsChokedByUs);
    }

    [Fact]
    public void A_peer_without_requests_delays_no_other_and_loses_its_turn()
    {
        PeerState[] peers = Interested(12);
        PeerState[] silent = peers[..4];
        Update(peers, silent);
        Assert.Equal(silent, _begun);
        _now += 0.3;
        Update(peers, silent);
        Assert.Equal(peers[4..8], _begun);
        Assert.Empty(_ended);
        _now += UploadTurns.IdleSeconds;
        Update(peers, silent);
        Assert.Equal(silent, _ended);
    }

    [Fact]
    public void Peers_without_requests_take_little_from_others()
    {
        PeerState[] peers = Interested(16);
        PeerState[] silent = peers[..8];
        Update(peers, silent);
        for (int i = 0; i < 40; i++)
        {
            _now += 0.05;
            Update(peers, silent);
            Serve(peers, silent: silent);
        }

        Assert.All(peers[8..], peer => Assert.True(peer.UploadRate.Total >= 10 * PieceLength));
    }

    [Fact]
    public void A_turn_follows_at_once_if_no_other_peer_can_have_it()
    {
        PeerState[] peers = Interested(5);
        Update(peers);
        PeerState[] served = [.. _begun];
        PeerState waiting = peers.Except(served).Single();
        Serve([served[0]]);
        peers = [.. served, waiting];
        _now += 0.01;
        Update(peers); // the waiting peer has the slot now
        Assert.False(waiting.IsChokedByUs);
        served[1].UploadRate.Add(PieceLength, _now);
        (served[1].Turn.LastPiece, served[1].Turn.NextPiece) = (0, 1);
        Update(peers);
        Assert.False(served[1].IsChokedByUs); // the only waiting peer has just been choked
        Assert.Equal(_now, served[1].Turn.BeganAt);
    }

    [Fact]
    public void A_peer_just_choked_is_not_unchoked_before_its_requests_can_be_distinguished()
    {
        PeerState[] peers = Interested(5);
        Update(peers);
        PeerState first = _begun[0];
        first.UploadRate.Add(PieceLength, _now);
        (first.Turn.LastPiece, first.Turn.NextPiece) = (0, 1);
        Update(peers);
        Assert.True(first.IsChokedByUs);
        peers[4].IsInterestedInUs = false;
        _ended.Clear();
        PeerState other = SwarmData.Peer(1);
        other.IsInterestedInUs = true;
        peers[4] = other;
        Update(peers);
        Assert.True(first.IsChokedByUs);
        first.Turn.Waiting = 1; // a block is still being sent to it
        _now += 10;
        other.IsInterestedInUs = false;
        peers[4] = SwarmData.Peer(1);
        Update(peers);
        Assert.False(first.IsChokedByUs); // no crowd: it has a slot
    }

    [Fact]
    public void A_leecher_serves_peers_that_send_more_and_others_a_little()
    {
        _isSeeding = false;
        PeerState[] peers = Interested(12);
        foreach (PeerState peer in peers[..6])
            peer.Rate = 100_000;
        Update(peers);
        for (int i = 0; i < 60; i++)
            Serve(peers);
        long givers = peers[..6].Sum(peer => peer.UploadRate.Total), takers = peers[6..].Sum(peer => peer.UploadRate.Total);
        Assert.True(givers > 2 * takers, $"{givers} and {takers}");
        Assert.All(peers[6..], peer => Assert.True(peer.UploadRate.Total > 0));
    }

    [Fact]
    public void A_snubbing_peer_earns_nothing()
    {
        _isSeeding = false;
        PeerState[] peers = Interested(12);
        foreach (PeerState peer in peers)
            peer.Rate = 100_000;
        peers[0].IsSnubbed = true;
        Update(peers);
        for (int i = 0; i < 60; i++)
            Serve(peers);
        Assert.Equal(peers[0].UploadRate.Total, peers.Min(peer => peer.UploadRate.Total));
        Assert.True(peers[1..].Average(peer => peer.UploadRate.Total) > 1.5 * peers[0].UploadRate.Total);
    }

    [Fact]
    public void A_turn_is_longer_if_answers_take_long()
    {
        _turns.Tick(10e6, 0, 0);
        Assert.Equal(500_000, _turns.Quota);
        PeerState[] peers = Interested(5);
        for (int i = 0; i < 40; i++)
        {
            _turns.Update(peers, true, _now, _ended, _begun);
            PeerState peer = peers[0];
            peer.IsChokedByUs = false;
            UploadTurns.Begin(peer, _now);
            _now += 0.6;
            _turns.Asked(peer, _now);
        }

        Assert.InRange(_turns.Quota, 1_900_000, 2_000_000); // 0.6 s of a third of the rate: the other three use the rest of the link meanwhile
    }

    [Theory]
    [InlineData(0, 32768)]
    [InlineData(1e6, 65536)]
    [InlineData(100e6, 0)]
    public void Little_is_queued_in_a_socket_unless_the_link_is_fast(double rate, int unsent)
    {
        _turns.Tick(rate, 0, 0);
        Assert.Equal(unsent, _turns.Unsent);
    }
}
