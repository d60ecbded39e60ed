using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Tests.Swarm.Membership;

public sealed class TwinConnectionsTests
{
    private static readonly byte[] s_small = "-XX0001-000000000001"u8.ToArray();
    private static readonly byte[] s_large = "-XX0001-000000000002"u8.ToArray();

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Of_two_simultaneous_connections_both_sides_keep_the_same(bool smallHasItsOwnFirst, bool largeHasItsOwnFirst)
    {
        // For each side, whether the connection it keeps is the one that it opened.
        bool smallKeepsOwn = KeepsOwn(s_small, s_large, smallHasItsOwnFirst), largeKeepsOwn = KeepsOwn(s_large, s_small, largeHasItsOwnFirst);
        Assert.True(largeKeepsOwn);
        Assert.False(smallKeepsOwn);
    }

    [Fact]
    public void An_old_connection_stays()
    {
        Assert.True(TwinConnections.KeepsNew(s_large, s_small, isNewOutgoing: true, isOldOutgoing: false, 1));
        Assert.False(TwinConnections.KeepsNew(s_large, s_small, isNewOutgoing: true, isOldOutgoing: false, 10));
    }

    [Fact]
    public void A_second_connection_in_the_same_direction_does_not_replace_the_first()
    {
        Assert.False(TwinConnections.KeepsNew(s_large, s_small, true, true, 0));
        Assert.False(TwinConnections.KeepsNew(s_small, s_large, false, false, 0));
    }

    private static bool KeepsOwn(byte[] own, byte[] peer, bool ownIsFirst) =>
        TwinConnections.KeepsNew(own, peer, isNewOutgoing: !ownIsFirst, isOldOutgoing: ownIsFirst, 0) != ownIsFirst;
}
