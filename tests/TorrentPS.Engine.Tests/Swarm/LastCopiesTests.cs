using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm;

public sealed class LastCopiesTests
{
    private const int Pieces = 100;

    private readonly Bitfield _have = SwarmData.All(Pieces);

    private static PeerState Peer(int count, int from = 0)
    {
        PeerState peer = SwarmData.Peer(Pieces, [.. Enumerable.Range(from, count)]);
        peer.IsInterestedInUs = true;
        return peer;
    }

    [Fact]
    public void A_piece_that_only_we_have_is_needed() => Assert.True(LastCopies.AreNeeded(_have, [Peer(99), Peer(50)]));

    [Fact]
    public void Pieces_that_incomplete_peers_have_among_them_are_not() => Assert.False(LastCopies.AreNeeded(_have, [Peer(60), Peer(60, from: 40)]));

    [Fact]
    public void With_a_seed_nothing_is_needed()
    {
        PeerState seed = SwarmData.Seed(Pieces);
        seed.IsOrigin = true;
        Assert.False(LastCopies.AreNeeded(_have, [Peer(10), seed]));
    }

    /// <summary>Two that become complete together must not rely on each other: both might leave.</summary>
    [Fact]
    public void A_peer_that_has_become_complete_may_leave() => Assert.True(LastCopies.AreNeeded(_have, [Peer(10), SwarmData.Seed(Pieces)]));

    [Fact]
    public void Without_an_interested_peer_nothing_is_needed()
    {
        PeerState silent = Peer(10);
        silent.IsInterestedInUs = false;
        Assert.False(LastCopies.AreNeeded(_have, [silent]));
        Assert.False(LastCopies.AreNeeded(_have, []));
    }

    [Fact]
    public void What_we_do_not_have_does_not_matter()
    {
        Bitfield have = new(Pieces);
        have.Add(70);
        Assert.False(LastCopies.AreNeeded(have, [Peer(1, from: 70)]));
        Assert.True(LastCopies.AreNeeded(have, [Peer(70)]));
    }
}
