using System.Net;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Tests.Values;

public sealed class PeerAddressTests
{
    [Theory]
    [InlineData("192.0.2.1:6881", "192.0.2.1", 6881)]
    [InlineData(" 192.0.2.1:1 ", "192.0.2.1", 1)]
    [InlineData("0.0.0.0:1", "0.0.0.0", 1)]
    [InlineData("255.255.255.255:1", "255.255.255.255", 1)]
    [InlineData("[2001:db8::1]:65535", "2001:db8::1", 65535)]
    [InlineData("[::1]:80", "::1", 80)]
    [InlineData("[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1", 80)]
    public void Reads_addresses(string text, string address, int port)
    {
        Assert.True(PeerAddress.TryParse(text, out PeerAddress read));
        Assert.Equal(new IPEndPoint(IPAddress.Parse(address), port), read.ToEndPoint());
        Assert.Equal((address, port, false, text.Trim()), (read.Host, read.Port, read.IsName, read.ToString()));
        Assert.Equal(read.ToEndPoint(), PeerAddress.Of((IPEndPoint)read.ToEndPoint()).ToEndPoint());
    }

    [Theory]
    [InlineData("localhost:6881", "localhost", 6881)]
    [InlineData("peer.example:80", "peer.example", 80)]
    [InlineData("1.example:80", "1.example", 80)]
    [InlineData("a-b.example.:80", "a-b.example.", 80)]
    public void Reads_host_names(string text, string host, int port)
    {
        Assert.True(PeerAddress.TryParse(text, out PeerAddress read));
        Assert.Equal(new DnsEndPoint(host, port), read.ToEndPoint());
        Assert.Equal((host, port, true, text), (read.Host, read.Port, read.IsName, read.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("192.0.2.1")]
    [InlineData("192.0.2.1:")]
    [InlineData("192.0.2.1:0")]
    [InlineData("192.0.2.1:65536")]
    [InlineData("192.0.2.1:-1")]
    [InlineData("192.0.2.1:+5")]
    [InlineData("192.0.2.1: 5")]
    [InlineData("192.0.2.1:99999999999")]
    [InlineData("2001:db8::1:6881")]
    [InlineData("2001:db8::1]:6881")]
    [InlineData("[2001:db8::1:6881")]
    [InlineData("[192.0.2.1]:6881")]
    [InlineData("[peer.example]:6881")]
    [InlineData("[]:6881")]
    [InlineData("[[::1]]:6881")]
    [InlineData("[::1]")]
    [InlineData(":6881")]
    [InlineData("256.0.0.1:6881")]
    [InlineData("192.0.2:6881")]
    [InlineData("192.0.2.1.5:6881")]
    [InlineData("192.0.2.1.:6881")]
    [InlineData("010.0.0.1:6881")]
    [InlineData("0x7f.0.0.1:6881")]
    [InlineData("127.0.0.0x1:6881")]
    [InlineData("1:6881")]
    [InlineData("2130706433:6881")]
    [InlineData("peer.7:6881")]
    [InlineData("a b:6881")]
    [InlineData("a/b:6881")]
    [InlineData("user@peer.example:6881")]
    [InlineData("http://x:6881")]
    public void Refuses_the_rest(string? text) => Assert.False(PeerAddress.TryParse(text, out _));

    [Theory]
    [InlineData(null, 1)]
    [InlineData("", 1)]
    [InlineData("192.0.2.1", 0)]
    [InlineData("192.0.2.1", -1)]
    [InlineData("192.0.2.1", 65536)]
    [InlineData("[::1]", 1)]
    [InlineData("1:2", 1)]
    public void Is_not_created_from_invalid_parts(string? host, int port) => Assert.False(PeerAddress.TryCreate(host, port, out _));

    [Fact]
    public void Is_created_from_an_IPv6_address_without_brackets()
    {
        Assert.True(PeerAddress.TryCreate("2001:db8::1", 6881, out PeerAddress address));
        Assert.Equal("[2001:db8::1]:6881", address.ToString());
    }

    [Fact]
    public void An_end_point_without_a_port_is_invalid() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PeerAddress.Of(new IPEndPoint(IPAddress.Loopback, 0)));
}
