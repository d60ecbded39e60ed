using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Gateways;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Http;

public sealed class ReachRulesTests
{
    private const string Allowed = "";

    private static readonly ReachRules s_rules = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Refusal(NamedAddress named, string address, ReachRules? rules = null) => (rules ?? s_rules).Refusal(named, IPAddress.Parse(address)) ?? Allowed;

    /// <summary>What the seed is at, and what it is by.</summary>
    [Theory]
    [InlineData("http://seed.example.com/f?token=1", "192.0.2.7", Allowed)]
    [InlineData("http://192.168.1.5/f", "192.168.1.5", Allowed)]
    [InlineData("http://nas.lan/f", "192.168.1.5", Allowed)]
    [InlineData("http://127.0.0.1:8080/f", "127.0.0.1", Allowed)]
    [InlineData("http://192.168.1.5/f?delete=all", "192.168.1.5", "in the local network, where no web seed's address has a query")]
    [InlineData("http://127.0.0.1/f?delete=all", "127.0.0.1", "on this machine, where no web seed's address has a query")]
    [InlineData("http://nas.lan/f?delete=all", "192.168.1.5", "in the local network, where no web seed's address has a query")]
    [InlineData("http://seed.example.com/f", "192.168.1.5", "leads into the local network")]
    [InlineData("http://seed.example.com/f", "127.0.0.1", "leads into the local network")]
    [InlineData("http://seed.example.com/f", "64:ff9b:1::c0a8:105", "leads into the local network")]
    [InlineData("http://169.254.169.254/latest/meta-data/", "169.254.169.254", "link-local")]
    [InlineData("http://seed.example.com/f", "169.254.169.254", "link-local")]
    [InlineData("http://[::ffff:169.254.169.254]/f", "::ffff:169.254.169.254", "link-local")]
    [InlineData("http://[fe80::1]/f", "fe80::1", "link-local")]
    [InlineData("http://255.255.255.255/f", "255.255.255.255", "no address of a machine")]
    public void The_reach_of_a_web_seed(string uri, string address, string expected)
    {
        var named = NamedAddress.OfWebSeed(new Uri(uri));
        // No switch lifts this refusal, so none is named.
        Assert.All((string[])[Refusal(named, address), Refusal(named, address, new ReachRules(isLifted: () => true))], reason =>
        {
            Assert.Contains(expected, reason, StringComparison.Ordinal);
            Assert.Equal(expected.Length == 0, reason.Length == 0);
            Assert.DoesNotContain(TrackerTargets.Variable, reason, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.7", true)]
    [InlineData("192.0.2.1", "192.168.1.5", false)]
    [InlineData("192.0.2.1", "169.254.169.254", false)]
    [InlineData("192.0.2.1", "127.0.0.1", false)]
    [InlineData("192.0.2.1", "::ffff:10.0.0.1", false)]
    [InlineData("203.0.113.9", "2002:a00:1::1", false)]
    [InlineData("192.168.77.9", "192.168.1.5", true)]
    [InlineData("192.168.77.9", "192.0.2.7", true)]
    [InlineData("192.168.77.9", "127.0.0.1", false)]
    [InlineData("192.168.77.9", "169.254.169.254", false)]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "192.168.1.5", true)]
    public void A_redirect_leads_no_nearer_than_its_server_and_that_is_kept(string from, string to, bool isFollowed)
    {
        string host = to.Contains(':', StringComparison.Ordinal) ? $"[{to}]" : to;
        foreach (NamedAddress named in (NamedAddress[])[NamedAddress.OfUser(new Uri("http://a.lan/x")), NamedAddress.OfTracker(new Uri("http://a.lan/announce")), NamedAddress.OfWebSeed(new Uri("http://a.lan/x"))])
        {
            NamedAddress once = s_rules.Redirect(named, $"http://{host}/y", IPAddress.Parse(from));
            Assert.Equal(isFollowed, Refusal(once, to).Length == 0);
            // By another path, by a name that resolves elsewhere the next time, and by a redirect of a reachable host.
            Assert.Equal(isFollowed, Refusal(once.At(new Uri($"http://{host}/z")), to).Length == 0);
            Assert.Equal(isFollowed, Refusal(s_rules.Redirect(once, "http://b.lan/z", IPAddress.Loopback), to).Length == 0);
        }
    }

    [Fact]
    public void Names_resolved_by_a_proxy_are_judged_as_names()
    {
        Assert.Null(s_rules.Refusal(NamedAddress.OfWebSeed(new Uri("http://seed.example.com/f?x=1")), null));
        Assert.NotNull(s_rules.Refusal(NamedAddress.OfWebSeed(new Uri("http://nas.lan/f?x=1")), null));
        Assert.NotNull(s_rules.Refusal(s_rules.Redirect(NamedAddress.OfUser(new Uri("http://example.com/")), "http://nas.lan/", null), null));
        Assert.NotNull(s_rules.Refusal(NamedAddress.OfTracker(new Uri("http://nas.lan/reboot")), null));
    }

    [Fact]
    public void Credentials_in_a_redirect_are_not_sent()
    {
        var named = NamedAddress.OfWebSeed(new Uri("http://me:secret@192.0.2.1/a"));
        Assert.Equal("http://192.0.2.2/b?c=d", named.Redirect("http://you:other@192.0.2.2/b?c=d", AddressReach.World).Uri.OriginalString);
        Assert.Equal("me:secret", named.Redirect("/b", AddressReach.World).Uri.UserInfo);
    }

    /// <summary>A connection shows in the listener's queue, and every method that connects takes the origin of the address.</summary>
    [Fact]
    public async Task A_name_that_leads_into_the_local_network_is_not_connected_to()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var http = new HttpFetch(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]));
        await Assert.ThrowsAsync<AddressRefusedException>(() => http.OpenAsync(NamedAddress.OfWebSeed(new Uri($"http://seed.example.com:{port}/f")), Token));
        await Assert.ThrowsAsync<AddressRefusedException>(() => http.OpenAsync(NamedAddress.OfWebSeed(new Uri($"http://127.0.0.1:{port}/f?x=1")), Token));
        Assert.False(listener.Pending());
        Assert.DoesNotContain(typeof(HttpFetch).GetMethods().SelectMany(method => method.GetParameters()), parameter => parameter.ParameterType == typeof(Uri));
    }

    [Fact]
    public async Task A_fake_router_cannot_redirect_us_to_another_machine()
    {
        if (!Socket.OSSupportsIPv6)
            Assert.Skip("IPv6 is not enabled on this machine: enable it, at least on the loopback interface.");
        using var other = new TcpListener(IPAddress.IPv6Loopback, 0);
        other.Start();
        using var router = new ScriptedHttpServer(_ => ScriptedHttpServer.Redirect($"http://{other.LocalEndpoint}/rootDesc.xml"));
        GatewayException error = await Assert.ThrowsAsync<GatewayException>(() =>
            UpnpGateway.DiscoverAsync(new HttpFetch(TimeProvider.System), new Uri($"http://127.0.0.1:{router.Port}/rootDesc.xml"), IPAddress.Loopback, Token));
        Assert.Contains("another machine", error.Message, StringComparison.Ordinal);
        Assert.False(other.Pending());
        Assert.Single(router.Requests);
    }
}
