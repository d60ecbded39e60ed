using System.Net;
using TorrentPS.Cli.Input;

namespace TorrentPS.Cli.Tests;

public sealed class PeerAddressTests
{
    [Theory]
    [InlineData("192.0.2.1:6881", "192.0.2.1", 6881)]
    [InlineData("[2001:db8::1]:1", "2001:db8::1", 1)]
    [InlineData("peer.example:65535", "peer.example", 65535)]
    public void Reads_addresses_and_names(string text, string host, int port)
    {
        Assert.True(PeerAddress.TryParse(text, out PeerAddress address));
        Assert.Equal(new PeerAddress(host, port), address);
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("192.0.2.1")]
    [InlineData("192.0.2.1:")]
    [InlineData("192.0.2.1:0")]
    [InlineData("192.0.2.1:65536")]
    [InlineData("192.0.2.1:-1")]
    [InlineData(":6881")]
    [InlineData("2001:db8::1:6881")]
    [InlineData("[192.0.2.1]:6881")]
    [InlineData("[]:6881")]
    [InlineData("a b:6881")]
    [InlineData("http://peer.example:6881")]
    public void Refuses_everything_else(string? text) => Assert.False(PeerAddress.TryParse(text, out _));

    [Fact]
    public async Task An_address_needs_no_look_up()
    {
        Assert.True(PeerAddress.TryParse("[2001:db8::1]:6881", out PeerAddress address));
        Assert.Equal(IPEndPoint.Parse("[2001:db8::1]:6881"), await address.ResolveAsync(proxy: null, TestContext.Current.CancellationToken));
    }
}
