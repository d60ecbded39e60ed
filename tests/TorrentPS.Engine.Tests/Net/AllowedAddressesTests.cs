using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

public sealed class AllowedAddressesTests
{
    [Theory]
    [InlineData("192.168.0.0/16", "192.168.255.255", true)]
    [InlineData("192.168.0.0/16", "192.169.0.0", false)]
    [InlineData("192.168.0.0/16", "::ffff:192.168.1.1", true)]
    [InlineData("10.0.0.1-10.0.0.99", "10.0.0.99", true)]
    [InlineData("10.0.0.1 - 10.0.0.99", "10.0.0.100", false)]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "2001:db8::1", false)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "192.0.2.1", false)]
    [InlineData("::ffff:10.0.0.0/104", "10.1.2.3", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("10.0.0.0/8, 2001:db8::/32", "2001:db8::1", true)]
    public void Addresses_of_the_networks_are_allowed_and_no_others(string networks, string address, bool isAllowed)
    {
        AllowedAddresses allowed = AllowedAddresses.Parse(networks);
        Assert.Equal(isAllowed, allowed.Contains(IPAddress.Parse(address)));
        Assert.Equal(!isAllowed, IPFilter.Of(null, allowed)!.Blocks(IPAddress.Parse(address)));
    }

    [Fact]
    public void The_same_networks_are_equal()
    {
        Assert.Equal(AllowedAddresses.Parse("10.0.0.0/8,192.0.2.1"), AllowedAddresses.Parse("10.0.0.0/8", " 192.0.2.1"));
        Assert.NotEqual(AllowedAddresses.Parse("10.0.0.0/8"), AllowedAddresses.Parse("10.0.0.0/9"));
        Assert.Throws<FormatException>(() => AllowedAddresses.Parse());
    }

    [Fact]
    public void With_an_IP_filter_an_address_must_be_allowed_and_not_blocked()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "10.1.0.0/16");
            IPFilter filter = IPFilter.Of(IPFilter.Load([path]), AllowedAddresses.Parse("10.0.0.0/8"))!;
            Assert.Equal([true, false, true], ((string[])["10.1.2.3", "10.2.2.3", "192.0.2.1"]).Select(address => filter.Blocks(IPAddress.Parse(address))));
            Assert.Equal("The IP filter blocks 10.1.2.3.", filter.Explain(IPAddress.Parse("10.1.2.3")));
            Assert.Equal("192.0.2.1 is not among the allowed addresses.", filter.Explain(IPAddress.Parse("192.0.2.1")));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
