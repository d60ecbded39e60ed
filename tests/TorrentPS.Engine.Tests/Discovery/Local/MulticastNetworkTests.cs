using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using TorrentPS.Engine.Discovery.Local;

namespace TorrentPS.Engine.Tests.Discovery.Local;

public sealed class MulticastNetworkTests
{
    [Fact]
    public async Task A_fault_with_one_message_loses_only_that_message()
    {
        Channel<string> heard = Channel.CreateUnbounded<string>();
        List<string> log = [];
        using MulticastNetwork network = new(log: log.Add);
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp), sender = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Task listening = network.ReceiveAsync(socket, null, (message, _) =>
        {
            string text = Encoding.ASCII.GetString(message.Span);
            if (text == "bad")
                throw new InvalidOperationException("injected");
            heard.Writer.TryWrite(text);
        });
        sender.SendTo("bad"u8, socket.LocalEndPoint!);
        sender.SendTo("good"u8, socket.LocalEndPoint!);
        Task<string> reading = heard.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.Same(reading, await Task.WhenAny(reading, listening));
        Assert.Contains("by a fault of this program: System.InvalidOperationException: injected", Assert.Single(log), StringComparison.Ordinal);
    }
}
