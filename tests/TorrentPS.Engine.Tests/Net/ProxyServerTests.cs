using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

public sealed class ProxyServerTests
{
    [Theory]
    [InlineData("socks5://10.0.0.1", ProxyKind.Socks5, "10.0.0.1", 1080, null, null)]
    [InlineData("socks5h://proxy.example:9050", ProxyKind.Socks5, "proxy.example", 9050, null, null)]
    [InlineData("socks5://a%3Ab:c%40d@proxy.example:1", ProxyKind.Socks5, "proxy.example", 1, "a:b", "c@d")]
    [InlineData("http://proxy.example", ProxyKind.Http, "proxy.example", 80, null, null)]
    [InlineData("http://me@[2001:db8::1]:3128/", ProxyKind.Http, "2001:db8::1", 3128, "me", "")]
    public void An_address_contains_everything(string uri, ProxyKind kind, string host, int port, string? user, string? password)
    {
        ProxyServer proxy = ProxyServer.Parse(new Uri(uri));
        Assert.Equal((kind, host, port, user, password), (proxy.Kind, proxy.Host, proxy.Port, proxy.UserName, proxy.Password));
    }

    [Theory]
    [InlineData("proxy.example:1080", "'proxy.example:1080' is not the address of a proxy")]
    [InlineData("1080", "not the address of a proxy")]
    [InlineData("https://proxy.example", "'https'")]
    [InlineData("socks4://proxy.example", "'socks4'")]
    [InlineData("socks5://proxy.example/x", "has no path")]
    [InlineData("socks5://proxy.example:0", "port 0")]
    [InlineData("socks5://:secret@proxy.example", "user name for the proxy is empty")]
    [InlineData("http://a%3Ab:c@proxy.example", "colon")]
    public void An_invalid_proxy_is_reported(string uri, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => ProxyServer.Parse(new Uri(uri, UriKind.RelativeOrAbsolute))).Message);

    [Fact]
    public void A_credential_goes_before_the_address_and_has_a_limit()
    {
        ProxyServer proxy = ProxyServer.Parse(new Uri("socks5://a:b@proxy.example"), new NetworkCredential("c", "d"));
        Assert.Equal(("c", "d"), (proxy.UserName, proxy.Password));
        Assert.Contains("255 bytes", Assert.Throws<FormatException>(() => ProxyServer.Parse(new Uri("socks5://proxy.example"), new NetworkCredential("a", new string('ä', 128)))).Message);
    }

    [Fact]
    public void A_password_is_not_shown() =>
        Assert.Equal("socks5://proxy.example:1080", ProxyServer.Parse(new Uri("socks5://user:secret@proxy.example")).ToString());
}
