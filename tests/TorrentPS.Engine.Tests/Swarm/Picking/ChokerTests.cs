using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class ChokerTests
{
    private static PeerState[] Interested(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        PeerState peer = SwarmData.Peer(1);
        peer.IsInterestedInUs = true;
        peer.Rate = i * 1000;
        return peer;
    })];

    [Fact]
    public void All_peers_are_served_if_there_are_enough_slots()
    {
        PeerState[] peers = Interested(4);
        peers[2].IsInterestedInUs = false;
        Assert.Equal([peers[0], peers[1], peers[3]], peers.Where(new Choker(4).Choose(peers, false, 0).Contains));
    }

    [Fact]
    public void The_best_senders_are_served_and_one_more()
    {
        PeerState[] peers = Interested(10);
        HashSet<PeerState> chosen = new Choker(4, new Random(1)).Choose(peers, false, 0);
        Assert.Equal(4, chosen.Count);
        Assert.Subset(chosen, new HashSet<PeerState> { peers[9], peers[8], peers[7] });
    }

    [Fact]
    public void An_uninterested_peer_takes_no_slot()
    {
        PeerState[] peers = Interested(10);
        peers[9].IsInterestedInUs = false;
        Assert.DoesNotContain(peers[9], new Choker(4).Choose(peers, false, 0));
    }

    /// <summary>One round: chooses, and records the unchoked peers, as a torrent does.</summary>
    private static HashSet<PeerState> Round(Choker choker, PeerState[] peers, double now)
    {
        HashSet<PeerState> chosen = choker.Choose(peers, true, now);
        foreach (PeerState peer in peers)
        {
            if (chosen.Contains(peer) && peer.IsChokedByUs)
                Choker.Begin(peer, now);
            peer.IsChokedByUs = !chosen.Contains(peer);
        }

        return chosen;
    }

    [Theory]
    [InlineData(20_000_000, 10)]
    [InlineData(1_000, 60)]
    public void A_seed_serves_all_peers_in_turn(long bytesInARound, double turn)
    {
        PeerState[] peers = Interested(12);
        Choker choker = new(4);
        Dictionary<PeerState, int> rounds = peers.ToDictionary(peer => peer, _ => 0);
        for (double now = 0; now < 3 * turn; now += 10)
        {
            HashSet<PeerState> chosen = Round(choker, peers, now);
            Assert.Equal(4, chosen.Count);
            foreach (PeerState peer in chosen)
            {
                rounds[peer]++;
                peer.UploadRate.Add(bytesInARound, now + 5);
            }
        }

        Assert.All(rounds.Values, count => Assert.Equal(turn / 10, count));
    }

    [Fact]
    public void A_seed_lets_a_turn_continue_when_no_peer_waits()
    {
        PeerState[] peers = Interested(4);
        Choker choker = new(4);
        for (double now = 0; now < 300; now += 10)
            Assert.Equal(4, Round(choker, peers, now).Count);
    }

    [Fact]
    public void The_peer_that_waited_longest_is_next()
    {
        PeerState[] peers = Interested(4);
        for (int i = 0; i < 4; i++)
            Choker.Begin(peers[i], 40 - i);
        Assert.Same(peers[3], Choker.Next(peers));
        peers[3].IsChokedByUs = false;
        Assert.Same(peers[2], Choker.Next(peers));
        PeerState newcomer = SwarmData.Peer(1);
        newcomer.IsInterestedInUs = true;
        Assert.Same(newcomer, Choker.Next([.. peers, newcomer]));
        Assert.Null(Choker.Next([]));
    }

    [Fact]
    public void A_snubbing_peer_earns_nothing()
    {
        PeerState[] peers = Interested(10);
        peers[9].IsSnubbed = true;
        Choker choker = new(2, new Random(1));
        HashSet<PeerState> chosen = choker.Choose(peers, false, 0);
        Assert.Contains(peers[8], chosen);
    }

    [Fact]
    public void The_optimistic_turn_lasts_three_rounds_and_reaches_all_peers()
    {
        PeerState[] peers = Interested(10);
        Choker choker = new(3, new Random(1));
        HashSet<PeerState> had = [];
        PeerState? last = null;
        for (int round = 0; round < 300; round++)
        {
            PeerState optimistic = Assert.Single(choker.Choose(peers, false, round * 10), peer => peer != peers[9] && peer != peers[8]);
            if (round % 3 == 0)
                Assert.NotSame(last, optimistic);
            else
                Assert.Same(last, optimistic);
            had.Add(last = optimistic);
        }

        Assert.Equal(8, had.Count);
    }

    [Fact]
    public void An_optimistic_peer_that_earns_its_slot_makes_room_for_another()
    {
        PeerState[] peers = Interested(10);
        Choker choker = new(3, new Random(1));
        PeerState lucky = choker.Choose(peers, false, 0).Single(peer => peer != peers[9] && peer != peers[8]);
        lucky.Rate = 1e6;
        HashSet<PeerState> chosen = choker.Choose(peers, false, 10);
        Assert.Equal(3, chosen.Count);
        Assert.Contains(lucky, chosen);
        Assert.Contains(peers[9] == lucky ? peers[8] : peers[9], chosen);
    }

    [Fact]
    public void An_optimistic_peer_that_leaves_is_replaced_at_once()
    {
        PeerState[] peers = Interested(10);
        Choker choker = new(3, new Random(1));
        PeerState lucky = choker.Choose(peers, false, 0).Single(peer => peer != peers[9] && peer != peers[8]);
        HashSet<PeerState> chosen = choker.Choose([.. peers.Where(peer => peer != lucky)], false, 1);
        Assert.Equal(3, chosen.Count);
        Assert.DoesNotContain(lucky, chosen);
    }

    [Fact]
    public void A_slot_is_free_as_long_as_fewer_interested_peers_are_served()
    {
        PeerState[] peers = Interested(4);
        Choker choker = new(2);
        Assert.True(choker.HasFreeSlot(peers));
        peers[0].IsChokedByUs = peers[1].IsChokedByUs = false;
        Assert.False(choker.HasFreeSlot(peers));
        peers[1].IsInterestedInUs = false;
        Assert.True(choker.HasFreeSlot(peers));
    }
}
