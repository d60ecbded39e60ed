using System.Net;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Peer exchange: the addresses sent to a peer and their timing, and the limit on received messages.</summary>
public sealed class PeerExchangeTests
{
    private readonly PeerExchangeOutbox _outbox = new(IPEndPoint.Parse("203.0.113.1:1"));

    private static ExchangedPeer Peer(int number) => new(new IPEndPoint(IPAddress.Parse($"198.51.{number >> 8}.{number & 0xff}"), 6881), PeerExchangeFlags.None);

    private static List<ExchangedPeer> Peers(int first, int count) => [.. Enumerable.Range(first, count).Select(Peer)];

    private static ExchangedPeer At(string text) => new(IPEndPoint.Parse(text), PeerExchangeFlags.None);

    [Fact]
    public void The_first_message_has_a_hundred_peers_and_later_ones_fifty_a_minute_apart()
    {
        List<ExchangedPeer> connected = Peers(0, 220);
        Assert.Equal(connected[..100], _outbox.Next(connected, 0)!.Added);
        Assert.Null(_outbox.Next(connected, 59.9));
        Assert.False(_outbox.IsDue(59.9));
        Assert.Equal(connected[100..150], _outbox.Next(connected, 60)!.Added);
        Assert.Equal(connected[150..200], _outbox.Next(connected, 120)!.Added);
        Assert.Equal(connected[200..], _outbox.Next(connected, 180)!.Added);
        Assert.Null(_outbox.Next(connected, 1e6));
    }

    [Fact]
    public void Peers_that_left_are_sent_and_those_that_came_and_left_meanwhile_are_not()
    {
        List<ExchangedPeer> all = Peers(0, 100);
        _outbox.Next(all, 0);
        PeerExchangeMessage message = _outbox.Next(Peers(90, 20), 60)!;
        Assert.Equal(Peers(100, 10), message.Added);
        Assert.Equal(50, message.Dropped.Count);
        message = _outbox.Next(Peers(90, 20), 120)!;
        Assert.Empty(message.Added);
        Assert.Equal(40, message.Dropped.Count);
        Assert.Null(_outbox.Next(Peers(90, 20), 180));
        Assert.Equal(10, _outbox.Next(Peers(100, 10), 240)!.Dropped.Count);
        // A peer that returns is sent again.
        Assert.Equal(Peers(90, 10), _outbox.Next(Peers(90, 20), 300)!.Added);
    }

    [Fact]
    public void Nothing_is_sent_without_news_and_later_news_is_sent_at_once()
    {
        Assert.Null(_outbox.Next([], 0));
        _outbox.Own = IPEndPoint.Parse("203.0.113.1:6881");
        Assert.Null(_outbox.Next([At("203.0.113.1:6881")], 30)); // the receiver itself
        Assert.NotNull(_outbox.Next(Peers(0, 1), 31));
        Assert.Null(_outbox.Next(Peers(0, 2), 32));
    }

    [Theory]
    [InlineData("203.0.113.1:1", "203.0.113.2:1")]
    [InlineData("192.168.1.1:1", "203.0.113.2:1 10.0.0.2:1 [fd00::1]:1")]
    [InlineData("169.254.1.1:1", "203.0.113.2:1 10.0.0.2:1 169.254.1.2:1 [fd00::1]:1 [fe80::1]:1")]
    [InlineData("127.0.0.1:1", "203.0.113.2:1 10.0.0.2:1 169.254.1.2:1 127.0.0.2:1 [fd00::1]:1 [fe80::1]:1")]
    public void Peers_do_not_get_addresses_that_are_meaningless_to_them(string receiver, string expected)
    {
        List<ExchangedPeer> all = [At("203.0.113.2:1"), At("10.0.0.2:1"), At("169.254.1.2:1"), At("127.0.0.2:1"), At("[fd00::1]:1"), At("[fe80::1]:1")];
        PeerExchangeMessage message = new PeerExchangeOutbox(IPEndPoint.Parse(receiver)).Next(all, 0)!;
        Assert.Equal(expected, string.Join(' ', message.Added.Select(peer => peer.EndPoint)));
    }

    [Fact]
    public void One_message_a_minute_is_processed_despite_clock_differences()
    {
        PeerExchangeInbox inbox = new();
        for (double now = 0; now < 10_000; now += 55)
            Assert.True(inbox.Takes(now));
        Assert.Equal(0, inbox.Ignored);
    }

    [Fact]
    public void A_few_messages_in_a_burst_are_processed_and_a_flood_is_not()
    {
        PeerExchangeInbox inbox = new();
        Assert.Equal([true, true, true, false, false], Enumerable.Range(0, 5).Select(_ => inbox.Takes(1)));
        Assert.False(inbox.IsFlooded);
        for (int i = 0; i < 20; i++)
            inbox.Takes(2);
        Assert.True(inbox.IsFlooded);
    }
}
