using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class PieceGuideTests
{
    private const int Pieces = 12;

    private readonly Bitfield _have = new(Pieces);
    private readonly PieceGuide _guide;

    public PieceGuideTests()
    {
        _have.AddAll();
        _guide = new PieceGuide(_have, new Random(1));
    }

    private PeerState Join(params int[] pieces)
    {
        PeerState peer = SwarmData.Peer(Pieces, pieces);
        _guide.Add(peer);
        return peer;
    }

    private void Announce(PeerState peer, int piece)
    {
        peer.Pieces.Add(piece);
        _guide.PeerHas(peer, piece);
    }

    [Fact]
    public void Each_piece_is_suggested_once_while_there_are_others()
    {
        PeerState[] peers = [.. Enumerable.Range(0, 4).Select(_ => Join())];
        int[] suggested = [.. Enumerable.Range(0, Pieces).Select(i => _guide.Next(peers[i % 4], 0.1 * i))];
        Assert.Equal(Enumerable.Range(0, Pieces), suggested.Order());
    }

    [Fact]
    public void Rare_pieces_come_before_common_ones()
    {
        Join(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        Join(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        PeerState peer = Join();
        Assert.Equal([11, 10], [_guide.Next(peer, 0), _guide.Next(peer, 0)]);
    }

    [Fact]
    public void An_unused_suggestion_goes_to_another_peer()
    {
        PeerState deaf = Join(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), other = Join(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        Assert.Equal(11, _guide.Next(deaf, 0));
        Assert.Equal(1, PieceGuide.Pending(deaf));
        Assert.NotEqual(-1, _guide.Next(other, PieceGuide.ExpirySeconds));
        Assert.Equal(0, PieceGuide.Pending(deaf));
        Assert.Contains(other.OnTheirWay, one => one.Piece is 10 or 11);
        Assert.Equal(11, _guide.Next(deaf, PieceGuide.ExpirySeconds + 0.1));
    }

    [Fact]
    public void A_piece_being_sent_does_not_expire()
    {
        PeerState slow = Join(), other = Join();
        int piece = _guide.Next(slow, 0);
        for (int i = 1; i < 20; i++)
            _guide.Sent(slow, piece, i);
        int[] others = [.. Enumerable.Range(0, Pieces - 1).Select(_ => _guide.Next(other, 20))];
        Assert.DoesNotContain(piece, others);
        Assert.Equal(piece, _guide.Next(other, 20));
    }

    [Fact]
    public void A_refused_piece_goes_to_another_peer_at_once_unless_some_of_it_was_sent()
    {
        PeerState greedy = Join(), other = Join();
        for (int piece = 0; piece < 6; piece++)
            _guide.Asked(greedy, piece, 0);
        _guide.Sent(greedy, 0, 0);
        for (int piece = 0; piece < 6; piece++)
            _guide.Refused(greedy, piece);
        int[] first = [.. Enumerable.Range(0, Pieces - 1).Select(_ => _guide.Next(other, 0))];
        Assert.Equal(Enumerable.Range(1, Pieces - 1), first.Order());
    }

    [Fact]
    public void A_piece_sent_to_a_peer_that_left_is_suggested_again()
    {
        PeerState leaver = Join(), other = Join();
        int piece = _guide.Next(leaver, 0);
        Announce(leaver, piece);
        _guide.Next(leaver, 0);
        _guide.Remove(leaver);
        Assert.Empty(leaver.OnTheirWay);
        Assert.Equal(Enumerable.Range(0, Pieces), Enumerable.Range(0, Pieces).Select(_ => _guide.Next(other, 0)).Order());
    }

    /// <summary>A peer that lies about its pieces cannot keep one from others: it counts once, and soon everything else counts more.</summary>
    [Fact]
    public void A_lie_only_delays_a_piece()
    {
        Join(11);
        PeerState[] peers = [.. Enumerable.Range(0, 3).Select(_ => Join())];
        List<int> sent = [];
        for (int i = 0; i < Pieces; i++)
        {
            int piece = _guide.Next(peers[i % 3], i);
            sent.Add(piece);
            foreach (PeerState peer in peers)
            {
                if (!peer.Pieces[piece])
                    Announce(peer, piece); // the others pass it on
            }
        }

        Assert.Equal(Enumerable.Range(0, Pieces), sent.Order());
    }

    [Fact]
    public void A_peer_with_all_pieces_is_not_counted_and_gets_no_suggestions()
    {
        PeerState seed = SwarmData.Seed(Pieces);
        _guide.Add(seed);
        Assert.Equal(-1, _guide.Next(seed, 0));
        PeerState peer = Join(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        Assert.Equal(11, _guide.Next(peer, 0));
        Announce(peer, 11);
        Assert.Equal(-1, _guide.Next(peer, 0));
        Assert.Empty(peer.OnTheirWay);
    }

    [Fact]
    public void Only_our_pieces_are_suggested()
    {
        Bitfield have = new(Pieces);
        PieceGuide guide = new(have);
        PeerState peer = SwarmData.Peer(Pieces);
        guide.Add(peer);
        Assert.Equal(-1, guide.Next(peer, 0));
        have.Add(4);
        guide.Got(4);
        Assert.Equal(4, guide.Next(peer, 0));
        have.Remove(4);
        guide.Lost(4);
        guide.Refused(peer, 4);
        Assert.Equal(-1, guide.Next(peer, 0));
    }
}
