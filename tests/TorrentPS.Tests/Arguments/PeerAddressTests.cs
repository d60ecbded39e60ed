using System.Net;
using TorrentPS.Arguments;

namespace TorrentPS.Tests.Arguments;

public sealed class PeerAddressTests
{
    [Theory]
    [InlineData("192.0.2.1:6881", "192.0.2.1", 6881)]
    [InlineData(" 192.0.2.1:1 ", "192.0.2.1", 1)]
    [InlineData("[2001:db8::1]:65535", "2001:db8::1", 65535)]
    [InlineData("[::1]:80", "::1", 80)]
    public void Reads_addresses(string text, string address, int port)
    {
        Assert.True(PeerAddress.TryParse(text, out EndPoint endPoint));
        Assert.Equal(new IPEndPoint(IPAddress.Parse(address), port), endPoint);
    }

    [Theory]
    [InlineData("localhost:6881", "localhost", 6881)]
    [InlineData("peer.example:80", "peer.example", 80)]
    public void Reads_host_names(string text, string host, int port)
    {
        Assert.True(PeerAddress.TryParse(text, out EndPoint endPoint));
        Assert.Equal(new DnsEndPoint(host, port), endPoint);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("192.0.2.1")]
    [InlineData("192.0.2.1:")]
    [InlineData("192.0.2.1:0")]
    [InlineData("192.0.2.1:65536")]
    [InlineData("192.0.2.1:+5")]
    [InlineData("2001:db8::1:6881")]
    [InlineData("[192.0.2.1]:6881")]
    [InlineData("[::1]")]
    [InlineData(":6881")]
    [InlineData("256.0.0.1:6881")]
    [InlineData("1:6881")]
    [InlineData("a b:6881")]
    [InlineData("http://x:6881")]
    public void Refuses_the_rest(string? text) => Assert.False(PeerAddress.TryParse(text, out _));

    [Fact]
    public async Task An_address_is_not_looked_up()
    {
        IPEndPoint endPoint = new(IPAddress.Loopback, 1);

        Assert.Same(endPoint, await PeerAddress.ResolveAsync(endPoint, TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_host_name_is_looked_up()
    {
        IPEndPoint endPoint = await PeerAddress.ResolveAsync(new DnsEndPoint("localhost", 7), TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.True(IPAddress.IsLoopback(endPoint.Address));
        Assert.Equal(7, endPoint.Port);
    }
}
