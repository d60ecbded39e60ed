using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class SuperSeedingTests
{
    private const int Pieces = 12;

    private readonly SuperSeeding _seeding = new(Pieces, new Random(1));
    private double _now;

    private PeerState Join(params int[] has)
    {
        PeerState peer = SwarmData.Peer(Pieces, has);
        _seeding.Join(peer, _now);
        _seeding.Replace(peer, _now);
        return peer;
    }

    private List<int> Show(PeerState peer)
    {
        List<int> shown = [];
        while (_seeding.Next(peer, _now) is >= 0 and int piece)
            shown.Add(piece);
        return shown;
    }

    private bool Get(PeerState peer, int piece)
    {
        peer.Pieces.Add(piece);
        return _seeding.Has(peer, piece, _now);
    }

    [Fact]
    public void Each_peer_is_shown_two_pieces_and_no_two_peers_the_same()
    {
        PeerState[] peers = [Join(), Join(), Join()];
        List<int> all = [.. peers.SelectMany(Show)];
        Assert.Equal(6, all.Count);
        Assert.Equal(6, all.Distinct().Count());
        Assert.All(peers, peer => Assert.Empty(Show(peer)));
        Assert.True(_seeding.IsShown(peers[0], all[0]));
        Assert.False(_seeding.IsShown(peers[1], all[0]));
    }

    [Fact]
    public void The_next_piece_is_shown_when_another_peer_has_the_last()
    {
        PeerState first = Join(), second = Join();
        int[] given = [.. Show(first)];
        Show(second);
        Get(first, given[0]);
        Assert.Empty(Show(first)); // it has the piece, but has not passed it on
        Get(second, given[0]);
        Assert.Single(Show(first));
        Assert.Empty(Show(second));
    }

    [Fact]
    public void A_single_peer_gets_one_piece_after_the_other()
    {
        PeerState only = Join();
        HashSet<int> got = [];
        bool isFull = false;
        for (int round = 0; round < 20 && !isFull; round++)
        {
            foreach (int piece in Show(only))
            {
                Assert.True(got.Add(piece));
                isFull = Get(only, piece);
            }
        }

        Assert.True(isFull);
        Assert.Equal(Pieces, got.Count);
        Assert.Empty(Show(only));
    }

    [Fact]
    public void Pieces_that_other_peers_have_or_are_downloading_come_from_them()
    {
        PeerState first = Join(Enumerable.Range(0, Pieces - 1).ToArray()), second = Join();
        Assert.Equal([Pieces - 1], Show(first));
        Assert.Empty(Show(second));
    }

    [Fact]
    public void Patience_has_an_end()
    {
        PeerState first = Join(Enumerable.Range(0, Pieces - 1).ToArray()), second = Join();
        Show(first);
        _now = 9.9;
        Assert.Empty(Show(second));
        _now = 10;
        Assert.Single(Show(second)); // one at a time
    }

    [Fact]
    public void A_peer_that_cannot_upload_is_served_slowly()
    {
        PeerState first = Join();
        Join();
        int[] given = [.. Show(first)];
        Get(first, given[0]);
        _now = 20;
        Assert.Empty(Show(first)); // it does not have the second, and waits for no peer
        Get(first, given[1]);
        _now = 29.9;
        Assert.Empty(Show(first));
        _now = 30;
        Assert.Equal(2, Show(first).Count);
    }

    [Fact]
    public void Pieces_shown_to_a_peer_that_left_are_shown_again()
    {
        PeerState first = Join(), second = Join();
        int[] given = [.. Show(first)];
        Show(second);
        Get(first, given[0]);
        _seeding.Leave(first);
        _seeding.Leave(second);
        PeerState third = Join(Enumerable.Range(0, Pieces).Except(given).ToArray());
        Assert.Equal(given.Order(), Show(third).Order());
    }

    /// <summary>A peer's message does not cost a scan of all peers and pieces.</summary>
    [Fact]
    public void Only_peers_that_a_message_concerns_are_examined_again()
    {
        PeerState[] peers = [Join(), Join(), Join(), Join()];
        int[][] given = [.. peers.Select(peer => Show(peer).ToArray())];
        Assert.Equal(peers, Due());
        Assert.Empty(Due());
        Get(peers[0], given[0][0]);
        Assert.Equal([peers[0]], Due());
        Get(peers[0], given[0][0]); // announces it again
        Get(peers[3], given[1][0]); // passed on
        Assert.Equal([peers[0], peers[1], peers[3]], Due().OrderBy(peer => Array.IndexOf(peers, peer)));
        _seeding.Leave(peers[2]);
        Assert.Empty(Due());
    }

    /// <summary>Finding the rarest piece scans all pieces, so it is done by the clock, not often, and not for a message.</summary>
    [Fact]
    public void Pieces_are_searched_for_only_after_a_while_and_then_not_again_at_once()
    {
        CountingRandom random = new();
        SuperSeeding seeding = new(Pieces, random);
        PeerState seed = SwarmData.Seed(Pieces), leecher = SwarmData.Peer(Pieces);
        foreach (PeerState peer in new[] { seed, leecher })
        {
            seeding.Join(peer, 0);
            seeding.Replace(peer, 0);
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(-1, seeding.Next(leecher, 9));
            Assert.Equal(-1, seeding.Next(seed, 9));
        }

        Assert.Equal(0, random.Calls);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(i == 0, seeding.Next(leecher, 10) >= 0);
            Assert.Equal(-1, seeding.Next(seed, 10)); // it has all pieces, and the search fails
        }

        Assert.Equal(2, random.Calls);
    }

    private List<PeerState> Due()
    {
        List<PeerState> due = [];
        while (_seeding.NextDue() is { } peer)
            due.Add(peer);
        return due;
    }

    private sealed class CountingRandom() : Random(1)
    {
        public int Calls { get; private set; }

        public override int Next(int maxValue)
        {
            Calls++;
            return base.Next(maxValue);
        }
    }

    [Fact]
    public void Nothing_is_shown_before_a_peers_pieces_are_known()
    {
        PeerState silent = SwarmData.Peer(Pieces);
        _seeding.Join(silent, 5);
        _now = 5.5;
        Assert.Empty(Show(silent));
        _now = 6;
        Assert.Equal(2, Show(silent).Count);
    }

    [Fact]
    public void A_peer_that_became_complete_is_told_from_one_that_was()
    {
        PeerState seed = SwarmData.Seed(Pieces), leecher = SwarmData.Peer(Pieces);
        _seeding.Join(seed, 0);
        Assert.False(_seeding.Replace(seed, 0));
        _seeding.Join(leecher, 0);
        _seeding.Replace(leecher, 0);
        for (int piece = 0; piece < Pieces; piece++)
            Assert.Equal(piece == Pieces - 1, Get(leecher, piece));
    }
}
