using TorrentPS.Engine.Swarm;

namespace TorrentPS.Engine.Tests.Swarm;

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
    [InlineData(1001, 100, true)] // more than ten times slower
    [InlineData(301, 100, true)]
    [InlineData(299, 100, false)]
    public void A_slower_peer_is_taken_over(double fastRate, double slowRate, bool all)
    {
        PeerState slow = SwarmData.Seed(1), fast = SwarmData.Seed(1);
        (slow.Rate, fast.Rate) = (slowRate, fastRate);
        PickerHarness harness = Start(1, 20, slow, fast);
        AskAll(harness, slow);
        Assert.Equal(20, slow.Outstanding.Count);
        AskAll(harness, fast);
        Assert.Equal(all ? 20 : 1, fast.Outstanding.Count); // of one about as fast, a block at a time
        Assert.Equal(19, fast.Outstanding[0].Block); // from the back, where the slow one is last
        harness.Check();
    }

    [Fact]
    public void When_the_download_limit_holds_blocks_back_only_silent_peers_are_taken_over()
    {
        PeerState slow = SwarmData.Seed(1), fast = SwarmData.Seed(1);
        (slow.Rate, fast.Rate) = (1, 1000);
        PickerHarness harness = Start(1, 8, slow, fast);
        AskAll(harness, slow);
        Assert.False(EndGame.TryPick(harness.Picker, fast, harness.Now, isHeldBack: true, out _));
        harness.Now = 3;
        Assert.True(EndGame.TryPick(harness.Picker, fast, harness.Now, isHeldBack: true, out _));
    }

    [Fact]
    public void A_piece_that_nobody_has_keeps_no_slow_peer_from_being_taken_over()
    {
        PeerState slow = SwarmData.Peer(2, 0), fast = SwarmData.Peer(2, 0);
        (slow.Rate, fast.Rate) = (10, 1000);
        PickerHarness harness = Start(2, 8, slow, fast);
        AskAll(harness, slow);
        AskAll(harness, fast);
        Assert.Equal(8, fast.Outstanding.Count);
        harness.Check();
    }

    [Fact]
    public void Nothing_is_doubled_of_a_peer_as_fast_while_others_have_work_left()
    {
        PeerState busy = SwarmData.Peer(2, 0), idle = SwarmData.Peer(2, 0);
        (busy.Rate, idle.Rate) = (1000, 1000);
        PickerHarness harness = Start(2, 8, busy, idle);
        AskAll(harness, busy);
        AskAll(harness, idle);
        Assert.Equal(0, idle.Outstanding.Count);
    }

    [Fact]
    public void The_slowest_are_taken_over_first()
    {
        PeerState slower = SwarmData.Peer(2, 0), slowest = SwarmData.Peer(2, 1), fast = SwarmData.Seed(2);
        (slower.Rate, slowest.Rate, fast.Rate) = (200, 10, 1000);
        PickerHarness harness = Start(2, 4, slower, slowest, fast);
        AskAll(harness, slower);
        AskAll(harness, slowest);
        AskAll(harness, fast);
        Assert.Equal([1, 1, 1, 1, 0, 0, 0, 0], Enumerable.Range(0, 8).Select(i => fast.Outstanding[i].Piece.Index));
    }

    [Fact]
    public void A_block_is_asked_of_two_peers_at_most()
    {
        PeerState slow = SwarmData.Seed(1);
        PeerState[] fast = [.. Enumerable.Range(0, 5).Select(_ => SwarmData.Seed(1))];
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
    public void A_peer_is_silent_only_when_it_owes_something()
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

    /// <summary>The "99 %" case: a peer takes the last blocks and falls silent; another one that has them must finish, and soon.</summary>
    [Fact]
    public void One_silent_peer_does_not_hold_up_the_end()
    {
        PeerState silent = SwarmData.Seed(50), busy = SwarmData.Seed(50);
        PickerHarness harness = Start(50, 4, silent, busy);
        (silent.Rate, busy.Rate) = (1e6, 1e6);
        for (int i = 0; i < 12; i++)
            harness.Ask(silent); // its window, and no block ever comes
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
