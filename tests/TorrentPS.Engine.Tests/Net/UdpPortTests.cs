using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

public sealed class UdpPortTests
{
    /// <summary>DHT messages begin with 'd'; all other datagrams are uTP.</summary>
    [Theory]
    [InlineData("d bad", "d good")]
    [InlineData("bad", "good")]
    [InlineData("bad when drained", "good")]
    public async Task A_fault_with_one_datagram_loses_only_that_datagram(string bad, string good)
    {
        Channel<string> log = Channel.CreateUnbounded<string>();
        Consumer consumer = new(bad);
        await using UdpPort port = UdpPort.Open(0, log: line => log.Writer.TryWrite(line));
        port.AttachDht(consumer);
        port.AttachOther(consumer);
        using Socket sender = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.SendTo(Encoding.ASCII.GetBytes(bad), new IPEndPoint(IPAddress.Loopback, port.Port));
        Assert.Contains("by a fault of this program: System.InvalidOperationException: injected", await log.Reader.ReadAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        sender.SendTo(Encoding.ASCII.GetBytes(good), new IPEndPoint(IPAddress.Loopback, port.Port));
        Assert.Equal(good, await consumer.Heard.Reader.ReadAsync(TestContext.Current.CancellationToken));
    }

    private sealed class Consumer(string bad) : IDatagramConsumer, IPacketConsumer
    {
        private bool _isBadWhenDrained;

        public Channel<string> Heard { get; } = Channel.CreateUnbounded<string>();

        public void Receive(ReadOnlySpan<byte> datagram, IPEndPoint from) => Take(Encoding.ASCII.GetString(datagram));

        public void Receive(ReadOnlySpan<byte> datagram, SocketAddress from) => Take(Encoding.ASCII.GetString(datagram));

        public void Drained()
        {
            if (!_isBadWhenDrained)
                return;
            _isBadWhenDrained = false;
            throw new InvalidOperationException("injected");
        }

        private void Take(string text)
        {
            if (text != bad)
                Heard.Writer.TryWrite(text);
            else if (text.EndsWith("drained", StringComparison.Ordinal))
                _isBadWhenDrained = true;
            else
                throw new InvalidOperationException("injected");
        }
    }
}
