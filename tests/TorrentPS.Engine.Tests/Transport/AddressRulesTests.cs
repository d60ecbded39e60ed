using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Tests.Transport;

public sealed class AddressRulesTests
{
    [Theory]
    [InlineData("127.0.0.1", AddressReach.Machine)]
    [InlineData("127.9.8.7", AddressReach.Machine)]
    [InlineData("::1", AddressReach.Machine)]
    [InlineData("::ffff:127.0.0.1", AddressReach.Machine)]
    [InlineData("169.254.1.1", AddressReach.Link)]
    [InlineData("fe80::1", AddressReach.Link)]
    [InlineData("10.0.0.1", AddressReach.Site)]
    [InlineData("172.16.0.1", AddressReach.Site)]
    [InlineData("172.31.255.255", AddressReach.Site)]
    [InlineData("192.168.1.1", AddressReach.Site)]
    [InlineData("100.64.0.1", AddressReach.Site)]
    [InlineData("fd00::1", AddressReach.Site)]
    [InlineData("172.32.0.1", AddressReach.World)]
    [InlineData("100.128.0.1", AddressReach.World)]
    [InlineData("192.169.1.1", AddressReach.World)]
    [InlineData("169.253.1.1", AddressReach.World)]
    [InlineData("8.8.8.8", AddressReach.World)]
    [InlineData("2001:db8::1", AddressReach.World)]
    internal void An_address_reaches_so_far(string address, AddressReach expected) => Assert.Equal(expected, AddressRules.ReachOf(IPAddress.Parse(address)));

    [Theory]
    // One in the Internet or in the local network knows nothing of what is on this machine or this cable.
    [InlineData("8.8.8.8", "127.0.0.1", false)]
    [InlineData("8.8.8.8", "::1", false)]
    [InlineData("8.8.8.8", "169.254.1.1", false)]
    [InlineData("8.8.8.8", "fe80::1", false)]
    [InlineData("192.168.77.1", "127.0.0.1", false)]
    [InlineData("192.168.77.1", "169.254.1.1", false)]
    // One that is there itself does.
    [InlineData("127.0.0.1", "127.0.0.2", true)]
    [InlineData("127.0.0.1", "169.254.1.1", true)]
    [InlineData("::1", "127.0.0.1", true)]
    [InlineData("169.254.1.1", "169.254.1.2", true)]
    [InlineData("169.254.1.1", "127.0.0.1", false)]
    // A local network's peers come from its tracker, from its peers, and even from a tracker outside that it shares.
    [InlineData("192.168.77.1", "10.1.2.3", true)]
    [InlineData("10.0.0.1", "192.168.77.2", true)]
    [InlineData("8.8.8.8", "192.168.77.2", true)]
    [InlineData("127.0.0.1", "192.168.77.2", true)]
    [InlineData("8.8.8.8", "9.9.9.9", true)]
    [InlineData("127.0.0.1", "9.9.9.9", true)]
    [InlineData(null, "127.0.0.1", true)]
    public void Who_may_name_what(string? teller, string named, bool expected) =>
        Assert.Equal(expected, AddressRules.MayName(teller is null ? null : IPAddress.Parse(teller), IPAddress.Parse(named)));

    [Fact]
    public void Whatever_is_at_an_address_of_this_machine_is_on_this_machine()
    {
        IPAddress? own = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(information => information.Address)
            .FirstOrDefault(address => !IPAddress.IsLoopback(address));
        Assert.SkipWhen(own is null, "This machine has no address but loopback.");
        Assert.True(LocalAddresses.Contains(own!));
        Assert.True(AddressRules.MayName(own, IPAddress.Loopback));
        Assert.False(LocalAddresses.Contains(IPAddress.Parse("203.0.113.77")));
    }

    [Theory]
    [InlineData("0.0.0.0", 1, false)]
    [InlineData("0.1.2.3", 1, false)]
    [InlineData("::", 1, false)]
    [InlineData("192.0.2.1", 0, false)]
    [InlineData("224.0.0.1", 1, false)]
    [InlineData("255.255.255.255", 1, false)]
    [InlineData("ff02::1", 1, false)]
    [InlineData("192.0.2.1", 1, true)]
    [InlineData("2001:db8::1", 65535, true)]
    public void What_can_be_a_peer(string address, int port, bool expected) => Assert.Equal(expected, AddressRules.IsPeer(new IPEndPoint(IPAddress.Parse(address), port)));
}
