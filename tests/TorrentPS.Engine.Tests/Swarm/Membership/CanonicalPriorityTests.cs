using System.Net;
using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Tests.Swarm.Membership;

public sealed class CanonicalPriorityTests
{
    [Theory]
    // The examples of BEP 40.
    [InlineData("123.213.32.10:1", "98.76.54.32:2", 0xec2d7224)]
    [InlineData("123.213.32.10:1", "123.213.32.234:2", 0x99568189)]
    public void It_follows_the_specification(string one, string other, uint expected)
    {
        Assert.Equal(expected, Of(one, other));
        Assert.Equal(expected, Of(other, one));
    }

    [Theory]
    // Outside a common /16, every other bit counts ...
    [InlineData("10.1.0.0:1", "20.2.170.170:1", "10.1.170.0:1", "20.2.0.0:1", true)]
    [InlineData("10.1.0.0:1", "20.2.0.0:1", "10.1.0.1:1", "20.2.0.0:1", false)]
    // ... in the same /16, the whole third byte ...
    [InlineData("10.1.2.0:1", "10.1.170.170:1", "10.1.2.0:1", "10.1.170.0:1", true)]
    [InlineData("10.1.2.0:1", "10.1.170.0:1", "10.1.2.0:1", "10.1.0.0:1", false)]
    // ... in the same /24, all bits.
    [InlineData("10.1.2.0:1", "10.1.2.170:1", "10.1.2.0:1", "10.1.2.168:1", false)]
    [InlineData("[2001:db8:1::]:1", "[2001:db8:2:aaaa::aa]:1", "[2001:db8:1::]:1", "[2001:db8:2::]:1", true)]
    [InlineData("[2001:db8:1::]:1", "[2001:db8:1:aaaa::]:1", "[2001:db8:1::]:1", "[2001:db8:1:aa00::]:1", true)]
    [InlineData("[2001:db8:1::]:1", "[2001:db8:1:aa00::]:1", "[2001:db8:1::]:1", "[2001:db8:1:a800::]:1", false)]
    [InlineData("[2001:db8:1::]:1", "[2001:db8:1:aa::]:1", "[2001:db8:1::]:1", "[2001:db8:1:a8::]:1", false)]
    // With one address for both, the ports decide and the address does not matter.
    [InlineData("10.1.2.3:6881", "10.1.2.3:6882", "192.0.2.1:6882", "192.0.2.1:6881", true)]
    [InlineData("10.1.2.3:6881", "10.1.2.3:6882", "10.1.2.3:6881", "10.1.2.3:6883", false)]
    public void It_counts_the_right_bits(string one, string other, string third, string fourth, bool isSame) =>
        Assert.Equal(isSame, Of(one, other) == Of(third, fourth));

    [Fact]
    public void Different_families_have_no_priority() => Assert.Equal(0u, Of("10.1.2.3:1", "[2001:db8::1]:1"));

    private static uint Of(string one, string other) => CanonicalPriority.Of(IPEndPoint.Parse(one), IPEndPoint.Parse(other));
}
