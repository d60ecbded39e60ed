using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class EndGameTests
{
    private static PickerHarness Start(int pieces, int blocks, params PeerState[] peers)
    {
        PickerHarness harness = new(SwarmData.Pieces(pieces, blocks), SwarmData.All(pieces), new Engine.Metainfo.Bitfield(pieces), false, 1);
        foreach (PeerState peer in peers)
            harness.Join(peer);
        return harness;
    }

    private static void AskAll(PickerHarness harness, PeerState peer)
    {
        for (int i = 0; i < 10_000 && harness.Ask(peer); i++)
        {
        }
    }

    [Theory]
    [InlineData(1000, 100, 18)]
    [InlineData(300, 100, 13)]
    [InlineData(100, 100, 8)]
    [InlineData(20, 100, 2)]
    public void Blocks_that_a_slower_peer_would_send_later_are_taken_over(double fastRate, double slowRate, int taken)
    {
        PeerState slow = SwarmData.Seed(1), fast = SwarmData.Seed(1);
        (slow.Rate, fast.Rate) = (slowRate, fastRate);
        PickerHarness harness = Start(1, 20, slow, fast);
        AskAll(harness, slow);
        Assert.Equal(20, slow.Outstanding.Count);
        AskAll(harness, fast);
        // From the back, where the slow one is last, until the two meet.
        Assert.Equal(Enumerable.Range(20 - taken, taken).Reverse(), Enumerable.Range(0, fast.Outstanding.Count).Select(i => fast.Outstanding[i].Block));
        harness.Check();
    }

    [Fact]
    public void When_the_download_limit_is_the_bottleneck_only_silent_peers_are_taken_over()
    {
        PeerState slow = SwarmData.Seed(1), fast = SwarmData.Seed(1);
        (slow.Rate, fast.Rate) = (1, 1000);
        PickerHarness harness = Start(1, 8, slow, fast);
        AskAll(harness, slow);
        Assert.False(EndGame.TryPick(harness.Picker, harness.Peers, fast, harness.Now, isHeldBack: true, out _));
        harness.Now = 3;
        Assert.True(EndGame.TryPick(harness.Picker, harness.Peers, fast, harness.Now, isHeldBack: true, out _));
    }

    [Fact]
    public void A_piece_that_no_peer_has_does_not_keep_a_slow_peer_from_being_taken_over()
    {
        PeerState slow = SwarmData.Peer(2, 0), fast = SwarmData.Peer(2, 0);
        (slow.Rate, fast.Rate) = (10, 1000);
        PickerHarness harness = Start(2, 8, slow, fast);
        AskAll(harness, slow);
        AskAll(harness, fast);
        Assert.Equal(8, fast.Outstanding.Count);
        harness.Check();
    }

    /// <summary>In a new swarm, peers have a piece or two each, and the pieces of one are soon all requested: that is not the end-game.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_arrives_twice_while_another_piece_could_be_requested(bool isOpen)
    {
        PeerState slow = SwarmData.Peer(2, 0), fast = SwarmData.Peer(2, 0), third = SwarmData.Peer(2, 1);
        (slow.Rate, fast.Rate) = (10, 1000);
        PickerHarness harness = Start(2, 8, slow, fast, third);
        if (isOpen)
            Assert.True(harness.Ask(third));
        AskAll(harness, slow);
        AskAll(harness, fast);
        Assert.Equal(0, fast.Outstanding.Count);
        AskAll(harness, third); // now all blocks are requested
        AskAll(harness, fast);
        Assert.Equal(8, fast.Outstanding.Count);
        harness.Check();
    }

    [Fact]
    public void Blocks_are_requested_twice_only_if_they_then_arrive_sooner()
    {
        PeerState busy = SwarmData.Peer(2, 0), idle = SwarmData.Peer(2, 0);
        (busy.Rate, idle.Rate) = (1e6, 1e6); // eight blocks arrive in an eighth of a second
        PickerHarness harness = Start(2, 8, busy, idle);
        AskAll(harness, busy);
        AskAll(harness, idle);
        Assert.Equal(0, idle.Outstanding.Count);
    }

    [Fact]
    public void The_latest_blocks_are_taken_over_first()
    {
        PeerState slower = SwarmData.Peer(2, 0), slowest = SwarmData.Peer(2, 1), fast = SwarmData.Seed(2);
        (slower.Rate, slowest.Rate, fast.Rate) = (200, 100, 10_000); // blocks are due after 82, 164, 246 and 328 s, and after 164, 328, 492 and 655 s
        PickerHarness harness = Start(2, 4, slower, slowest, fast);
        AskAll(harness, slower);
        AskAll(harness, slowest);
        AskAll(harness, fast);
        Assert.Equal([(1, 3), (1, 2), (0, 3), (1, 1), (0, 2), (0, 1), (1, 0), (0, 0)],
            Enumerable.Range(0, fast.Outstanding.Count).Select(i => (fast.Outstanding[i].Piece.Index, fast.Outstanding[i].Block)));
    }

    [Fact]
    public void A_block_is_requested_from_two_peers_at_most()
    {
        PeerState slow = SwarmData.Seed(1);
        PeerState[] fast = [.. Enumerable.Range(0, 5).Select(_ => SwarmData.Seed(1))];
        slow.Rate = 10;
        PickerHarness harness = Start(1, 30, [slow, .. fast]);
        AskAll(harness, slow);
        foreach (PeerState peer in fast)
        {
            peer.Rate = 1e6;
            AskAll(harness, peer);
            harness.Check();
        }

        Assert.Equal(30, fast.Sum(peer => peer.Outstanding.Count));
    }

    [Fact]
    public void A_peer_counts_as_silent_only_when_it_owes_blocks()
    {
        PeerState silent = SwarmData.Seed(1), other = SwarmData.Seed(1);
        (silent.Rate, other.Rate) = (1e6, 1e6);
        PickerHarness harness = Start(1, 10, silent, other);
        AskAll(harness, silent);
        harness.Now = 1.9;
        AskAll(harness, other);
        Assert.Equal(1, other.Outstanding.Count);
        harness.Now = 2.1;
        AskAll(harness, other);
        Assert.Equal(10, other.Outstanding.Count);
    }

    [Fact]
    public void A_peer_without_a_known_rate_is_tried_with_a_few_blocks()
    {
        PeerState slow = SwarmData.Seed(1), idle = SwarmData.Seed(1);
        slow.Rate = 1000;
        PickerHarness harness = Start(1, 30, slow, idle);
        AskAll(harness, slow);
        AskAll(harness, idle);
        Assert.Equal(8, idle.Outstanding.Count);
    }

    [Fact]
    public void Consecutive_blocks_are_taken_over_by_a_source_of_runs()
    {
        PeerState slow = SwarmData.Seed(1), fast = SwarmData.Seed(1);
        (slow.Rate, fast.Rate) = (1000, 1e6);
        PickerHarness harness = Start(1, 20, slow, fast);
        AskAll(harness, slow);
        List<Outstanding> run = [];
        Assert.True(EndGame.TryPickRun(harness.Picker, harness.Peers, fast, harness.Now, isHeldBack: false, run));
        Assert.Equal(Enumerable.Range(0, 20), run.Select(item => item.Block));
        Assert.All(run, item => Assert.Equal(2, item.Piece.Requesters(item.Block)));
        run.Clear();
        Assert.False(EndGame.TryPickRun(harness.Picker, harness.Peers, fast, harness.Now, isHeldBack: false, run));
        Assert.Empty(run);
    }

    /// <summary>The "99 %" case: a peer takes the last blocks and falls silent; another that has them must finish soon.</summary>
    [Fact]
    public void One_silent_peer_does_not_delay_the_end()
    {
        PeerState silent = SwarmData.Seed(50), busy = SwarmData.Seed(50);
        PickerHarness harness = Start(50, 4, silent, busy);
        (silent.Rate, busy.Rate) = (1e6, 1e6);
        for (int i = 0; i < 12; i++)
            harness.Ask(silent); // its window, and no block ever arrives
        while (harness.Picker.Missing > 0 && harness.Now < 30)
        {
            harness.Now += 0.2;
            silent.Rate = Math.Max(0, silent.Rate - 1e5);
            for (int i = 0; i < 16 && harness.Ask(busy); i++)
            {
            }

            for (int i = 0; i < 16 && busy.Outstanding.Count > 0; i++)
                harness.Receive(busy, 0);
            harness.WriteAll();
            harness.Check();
        }

        Assert.Equal(0, harness.Picker.Missing);
        Assert.True(harness.Now < 10, $"it took until {harness.Now:0.#} s");
        Assert.Equal(0, silent.Outstanding.Count); // cancelled
    }

    [Fact]
    public void A_piece_on_parole_is_left_alone_while_its_peer_sends()
    {
        PeerState owner = SwarmData.Seed(1), other = SwarmData.Seed(1);
        (owner.Rate, other.Rate) = (100, 1e6);
        PickerHarness harness = Start(1, 4, owner, other);
        AskAll(harness, owner);
        while (owner.Outstanding.Count > 0)
            harness.Receive(owner, 0);
        harness.WriteSegment(_ => false);
        harness.Now = 100;
        AskAll(harness, owner);
        AskAll(harness, other);
        Assert.Equal(0, other.Outstanding.Count);
        harness.Now = 103;
        AskAll(harness, other);
        Assert.Equal(4, other.Outstanding.Count);
        harness.Check();
    }
}
