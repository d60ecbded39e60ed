using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

public sealed class AddressBudgetTests
{
    private readonly AddressBudget _budget = new(100, 1);

    [Theory]
    [InlineData("198.51.100.1", "198.51.100.1", "198.51.100.2")]
    [InlineData("198.51.100.1", "::ffff:198.51.100.1", "::ffff:198.51.100.2")]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.2")]
    public void An_address_has_its_part_and_a_network_of_IPv6_is_one(string address, string same, string other)
    {
        Assert.True(_budget.TryTake(IPAddress.Parse(address), 60, 0));
        Assert.False(_budget.TryTake(IPAddress.Parse(same), 41, 0));
        Assert.True(_budget.TryTake(IPAddress.Parse(same), 40, 0));
        Assert.False(_budget.TryTake(IPAddress.Parse(address), 1, 0));
        Assert.True(_budget.TryTake(IPAddress.Parse(other), 100, 0));
    }

    [Fact]
    public void It_comes_back_evenly()
    {
        IPAddress address = IPAddress.Parse("198.51.100.1");
        Assert.True(_budget.TryTake(address, 100, 0));
        Assert.False(_budget.TryTake(address, 11, 10));
        Assert.True(_budget.TryTake(address, 10, 10));
        Assert.True(_budget.TryTake(address, 100, 1000));
        Assert.False(_budget.TryTake(address, 1, 1000));
    }

    [Fact]
    public void Few_of_many_addresses_are_remembered_first_those_that_used_most()
    {
        IPAddress greedy = IPAddress.Parse("198.51.100.1");
        Assert.True(_budget.TryTake(greedy, 100, 0));
        for (int i = 0; i < 5000; i++)
        {
            Assert.True(_budget.TryTake(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), 1, 0));
            Assert.InRange(_budget.Count, 1, AddressBudget.MaxAddresses);
        }

        Assert.False(_budget.TryTake(greedy, 1, 0));
    }
}
