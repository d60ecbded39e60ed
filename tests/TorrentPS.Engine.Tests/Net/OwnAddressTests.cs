using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

public sealed class OwnAddressTests
{
    private static readonly IPAddress s_right = IPAddress.Parse("203.0.113.9");
    private static readonly IPAddress s_wrong = IPAddress.Parse("198.51.100.66");

    private readonly OwnAddress _own = new();

    [Fact]
    public void Several_networks_must_agree()
    {
        Assert.False(Vote("8.0.1.1", s_wrong));
        Assert.False(Vote("8.0.1.2", s_wrong)); // the same network
        Assert.False(Vote("8.0.1.3", s_wrong));
        Assert.False(Vote("8.0.2.1", s_right));
        Assert.False(Vote("8.0.3.1", s_right));
        Assert.Null(_own.Address);
        Assert.True(Vote("8.0.4.1", s_right));
        Assert.Equal(s_right, _own.Address);
        Assert.False(Vote("8.0.5.1", s_right)); // no change
    }

    [Fact]
    public void Local_votes_and_those_of_another_family_do_not_count()
    {
        for (int network = 0; network < 10; network++)
        {
            Assert.False(Vote($"192.168.{network}.1", s_right));
            Assert.False(Vote("127.0.0.1", s_right));
            Assert.False(Vote($"8.0.{network}.1", IPAddress.Parse("192.168.1.5")));
            Assert.False(Vote($"9.0.{network}.1", IPAddress.Parse("2001:db8::1")));
        }

        Assert.Null(_own.Address);
    }

    [Fact]
    public void Networks_of_IPv6_are_larger()
    {
        IPAddress own = IPAddress.Parse("2a00:1::1");
        for (int network = 0; network < 10; network++)
            Assert.False(Vote($"2a00:2:3:{network}::1", own));
        Assert.False(Vote("2a00:2:4::1", own));
        Assert.True(Vote("2a00:2:5::1", own));
    }

    [Fact]
    public void It_may_change()
    {
        for (int network = 0; network < 20; network++)
            Vote($"8.0.{network}.1", s_right);
        for (int network = 0; network < 40; network++)
            Vote($"9.0.{network}.1", s_wrong);
        Assert.Equal(s_wrong, _own.Address);
    }

    private bool Vote(string voter, IPAddress address) => _own.Add(IPAddress.Parse(voter), address);
}
