using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Connecting;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Tests.Values;

public sealed class TrafficClassTests
{
    [Fact]
    public void Each_name_is_read_and_written()
    {
        Assert.All(TrafficClass.Named, named =>
        {
            Assert.Equal(named.Value, TrafficClass.Parse($" {named.Key.ToLowerInvariant()} "));
            Assert.Equal(named.Key, named.Value.ToString());
            Assert.Equal(named.Value, TrafficClass.Parse($"{named.Value.Value}"));
        });
        Assert.Equal("63", new TrafficClass(63).ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrafficClass(64));
    }

    /// <summary>Assured forwarding is 8 times the class and 2 times the precedence (RFC 2597), a class selector 8 times its number (RFC 2474).</summary>
    [Fact]
    public void Names_follow_their_formulas() => Assert.All(TrafficClass.Named, named =>
    {
        if (named.Key.StartsWith("AF", StringComparison.Ordinal))
            Assert.Equal((8 * (named.Key[2] - '0')) + (2 * (named.Key[3] - '0')), named.Value.Value);
        else if (named.Key.StartsWith("CS", StringComparison.Ordinal))
            Assert.Equal(8 * (named.Key[2] - '0'), named.Value.Value);
    });

    /// <summary>Outgoing and accepted connections and the UDP port, with IPv4 and IPv6.</summary>
    [Fact]
    public async Task Sockets_carry_it_in_the_fields_of_both_families()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the socket options have other numbers elsewhere");
        var lower = new TrafficClass(1);
        Assert.Null(lower.Refusal());
        var accepted = System.Threading.Channels.Channel.CreateUnbounded<PeerStream>();
        await using PeerListener listener = PeerListener.Start(0, required: false, stream => accepted.Writer.TryWrite(stream), trafficClass: lower);
        var route = new NetworkRoute(trafficClass: lower);
        foreach (IPAddress address in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
        {
            using Socket socket = await route.ConnectAsync(new IPEndPoint(address, listener.Port), TestContext.Current.CancellationToken);
            Assert.Equal(4, Field(socket, address.AddressFamily == AddressFamily.InterNetworkV6));
            using PeerStream peer = await accepted.Reader.ReadAsync(TestContext.Current.CancellationToken);
            Assert.Equal(4, Field(SocketOf(peer), isV6: true)); // one listener for both
            Assert.Equal(4, Field(SocketOf(peer), isV6: false));
        }

        await using UdpPort port = UdpPort.Open(0, trafficClass: lower);
        Assert.Equal((4, 4), (Field(SocketOf(port), isV6: true), Field(SocketOf(port), isV6: false)));
        await using UdpPort plain = UdpPort.Open(0);
        Assert.Equal((0, 0), (Field(SocketOf(plain), isV6: true), Field(SocketOf(plain), isV6: false)));
    }

    private static Socket SocketOf(object owner) =>
        (Socket)owner.GetType().GetField("_socket", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!.GetValue(owner)!;

    private static int Field(Socket socket, bool isV6)
    {
        byte[] value = new byte[4];
        socket.GetRawSocketOption(isV6 ? 41 : 0, isV6 ? 67 : 1, value);
        return value[0];
    }
}
