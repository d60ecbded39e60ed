using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

/// <content>The message PORT of BEP 5.</content>
public sealed partial class PeerSessionTests
{
    [Theory]
    [InlineData(6881, true, true)]
    [InlineData(6881, false, false)] // the peer does not support the message
    [InlineData(0, true, false)] // no DHT, or a private torrent
    public void The_port_of_the_node_is_sent_to_peers_that_support_it(int dhtPort, bool peerUsesDht, bool isTold)
    {
        Start(isSeed: true, dhtPort: dhtPort, peerUsesDht: peerUsesDht);

        byte[][] told = [.. Sent().Where(message => message.Id == MessageId.Port).Select(message => message.Payload)];

        Assert.Equal(isTold ? 1 : 0, told.Length);
        if (isTold)
            Assert.Equal([0x1a, 0xe1], told[0]);
    }

    [Fact]
    public void The_port_of_the_peers_node_is_accepted_once()
    {
        Start();

        Send(Message(MessageId.Port, 0, 0));
        Send(Message(MessageId.Port, 0x1a, 0xe1));
        Send(Message(MessageId.Port, 0x1a, 0xe2));

        Assert.Equal(["dht port 6881"], _swarm.Events.Where(what => what.StartsWith("dht", StringComparison.Ordinal)));
    }
}
