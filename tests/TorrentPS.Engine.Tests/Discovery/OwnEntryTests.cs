using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Discovery;

namespace TorrentPS.Engine.Tests.Discovery;

public sealed class OwnEntryTests
{
    private static readonly IPAddress s_external = IPAddress.Parse("203.0.113.7");

    [Fact]
    public void An_address_of_this_machine_without_a_listener_is_our_own() =>
        Assert.True(OwnEntry.Is(new IPEndPoint(IPAddress.Loopback, 1), 1, null));

    [Fact]
    public void A_client_on_this_machine_that_listens_on_the_same_port_is_a_peer()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        var endPoint = (IPEndPoint)listener.LocalEndpoint;

        Assert.False(OwnEntry.Is(endPoint, endPoint.Port, null));
    }

    [Fact]
    public void Another_port_is_a_peer() => Assert.False(OwnEntry.Is(new IPEndPoint(IPAddress.Loopback, 1), 2, null));

    [Fact]
    public void Another_machine_with_the_same_port_is_a_peer() => Assert.False(OwnEntry.Is(new IPEndPoint(IPAddress.Parse("198.51.100.1"), 1), 1, s_external));

    [Fact]
    public void Our_address_according_to_the_tracker_is_our_own() => Assert.True(OwnEntry.Is(new IPEndPoint(s_external.MapToIPv6(), 1), 1, s_external));
}
