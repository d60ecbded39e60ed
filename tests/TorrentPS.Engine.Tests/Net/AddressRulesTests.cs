using System.Net;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

public sealed class AddressRulesTests
{
    [Theory]
    [InlineData("0.0.0.0", AddressReach.Machine)]
    [InlineData("::", AddressReach.Machine)]
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
    internal void An_address_has_its_reach(string address, AddressReach expected) => Assert.Equal(expected, AddressRules.ReachOf(IPAddress.Parse(address)));

    /// <summary>
    /// Each form of an IPv6 address that leads to an IPv4 address; {0} stands for its groups and {1} for those with every bit inverted; 4 bytes, 2 groups.
    /// </summary>
    public static TheoryData<string> Forms =>
    [
        "::ffff:{0}", "::{0}", "::ffff:0:{0}", "64:ff9b::{0}", "64:ff9b:1::{0}", "64:ff9b:1:abcd:12:3400:{0}", "2002:{0}::1", "2001:0:{0}::f7f7:f7f7", "2001:0:808:808::{1}",
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    public void An_address_that_leads_to_an_IPv4_address_has_its_reach(string form) => Assert.All(
        (string[])["127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "8.8.8.8", "192.0.2.7"], inner =>
        {
            IPAddress whole = Whole(form, IPAddress.Parse(inner));
            Assert.Equal(AddressRules.ReachOf(IPAddress.Parse(inner)), AddressRules.ReachOf(whole));
            Assert.Equal(AddressRules.ReachOf(whole) != AddressReach.World, DhtScope.IsLocal(whole)); // there is only one table
            Assert.True(AddressRules.IsPeer(new IPEndPoint(whole, 1)));
        });

    [Theory]
    [InlineData("64:ff9b:1:a01:2:300::", AddressReach.Site)] // 10.1.2.3 behind 48 bits
    [InlineData("64:ff9b:1:ff7f:0:1::", AddressReach.Machine)] // 127.0.0.1 behind 56
    [InlineData("64:ff9b:1:ffff:a9:fea9:fe00:0", AddressReach.Link)] // 169.254.169.254 behind 64
    [InlineData("64:ff9b:1:808:8:800::", AddressReach.World)]
    [InlineData("64:ff9b:2::7f00:1", AddressReach.World)]
    internal void Local_use_translation_leads_to_any_IPv4_address_in_the_address(string address, AddressReach expected) =>
        Assert.Equal(expected, AddressRules.ReachOf(IPAddress.Parse(address)));

    [Theory]
    [MemberData(nameof(Forms))]
    public void An_address_that_leads_to_no_machine_is_no_peers(string form) => Assert.All((string[])["0.1.2.3", "224.0.0.1", "255.255.255.255"], inner =>
        Assert.Equal(form.StartsWith("2001:", StringComparison.Ordinal), AddressRules.IsPeer(new IPEndPoint(Whole(form, IPAddress.Parse(inner)), 1)))); // of the two addresses of Teredo, one is a machine's

    private static IPAddress Whole(string form, IPAddress inner)
    {
        byte[] bytes = inner.GetAddressBytes();
        static string Groups(byte[] four) => $"{(four[0] << 8) | four[1]:x}:{(four[2] << 8) | four[3]:x}";
        return IPAddress.Parse(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, Groups(bytes), Groups([.. bytes.Select(value => (byte)~value)])));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_peer_whose_address_contains_a_local_one_is_not_in_the_local_network(string form) =>
        Assert.Equal(form.StartsWith("::ffff:{", StringComparison.Ordinal), AddressRules.IsInLocalNetwork(Whole(form, IPAddress.Parse("10.1.2.3"))));

    [Theory]
    // A source in the Internet or the local network cannot know addresses on this machine or link.
    [InlineData("8.8.8.8", "127.0.0.1", false)]
    [InlineData("8.8.8.8", "::1", false)]
    [InlineData("8.8.8.8", "169.254.1.1", false)]
    [InlineData("8.8.8.8", "fe80::1", false)]
    [InlineData("192.168.77.1", "127.0.0.1", false)]
    [InlineData("192.168.77.1", "169.254.1.1", false)]
    // Nor can a source in a tunnel, the address of which contains one of these.
    [InlineData("2002:7f00:1::1", "127.0.0.1", false)]
    [InlineData("2001:0:7f00:1::f7f7:f7f7", "127.0.0.1", false)]
    [InlineData("2002:a9fe:101::1", "169.254.1.1", false)]
    // A source on this machine can.
    [InlineData("::ffff:127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.2", true)]
    [InlineData("127.0.0.1", "169.254.1.1", true)]
    [InlineData("::1", "127.0.0.1", true)]
    [InlineData("169.254.1.1", "169.254.1.2", true)]
    [InlineData("169.254.1.1", "127.0.0.1", false)]
    // Peers of a local network come from its tracker, from its peers, and even from an outside tracker that they share.
    [InlineData("192.168.77.1", "10.1.2.3", true)]
    [InlineData("10.0.0.1", "192.168.77.2", true)]
    [InlineData("8.8.8.8", "192.168.77.2", true)]
    [InlineData("127.0.0.1", "192.168.77.2", true)]
    [InlineData("8.8.8.8", "9.9.9.9", true)]
    [InlineData("127.0.0.1", "9.9.9.9", true)]
    [InlineData(null, "127.0.0.1", true)]
    public void Which_sources_may_name_which_addresses(string? teller, string named, bool expected) =>
        Assert.Equal(expected, AddressRules.MayName(teller is null ? null : IPAddress.Parse(teller), IPAddress.Parse(named)));

    [Fact]
    public void Servers_at_an_address_of_this_machine_are_on_this_machine()
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
    public void Possible_addresses_of_peers(string address, int port, bool expected) => Assert.Equal(expected, AddressRules.IsPeer(new IPEndPoint(IPAddress.Parse(address), port)));
}
