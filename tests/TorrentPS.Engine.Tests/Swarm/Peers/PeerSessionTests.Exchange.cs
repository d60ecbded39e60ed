using System.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

public sealed partial class PeerSessionTests
{
    private static byte[] Exchange(params string[] added) =>
        Message(MessageId.Extended, [PeerExchangeMessage.OwnId, .. new PeerExchangeMessage { Added = [.. added.Select(text => new ExchangedPeer(IPEndPoint.Parse(text), PeerExchangeFlags.None))] }.ToBytes()]);

    [Fact]
    public void Peer_exchange_is_offered_and_messages_are_passed_on()
    {
        Start(exchangesPeers: true);
        Assert.Equal(PeerExchangeMessage.OwnId, ExtensionHandshake.Read(Sent()[0].Payload.AsSpan(1)).Extensions["ut_pex"]);
        Send(Exchange("192.0.2.1:1", "192.0.2.2:2"));
        Assert.Equal(["192.0.2.1:1", "192.0.2.2:2"], Assert.Single(_swarm.Exchanged).Added.Select(peer => peer.EndPoint.ToString()));
        AssertOpen();
    }

    [Fact]
    public void A_private_torrent_neither_sends_nor_accepts_peer_exchange()
    {
        Start(exchangesPeers: false);
        Assert.False(ExtensionHandshake.Read(Sent()[0].Payload.AsSpan(1)).Extensions.ContainsKey("ut_pex"));
        Send(Exchange("192.0.2.1:1"));
        Assert.Empty(_swarm.Exchanged);
        Assert.Null(_session.Exchange);
        AssertOpen();
    }

    [Fact]
    public void A_flood_of_peer_exchange_is_mostly_ignored_and_ends_the_connection()
    {
        Start(exchangesPeers: true);
        for (int i = 0; i < 24; i++)
            Send(Exchange($"192.0.2.{i}:1"));
        Assert.Equal(3, _swarm.Exchanged.Count);
        AssertViolated("flood of peer exchange messages");
    }

    [Fact]
    public void An_unreadable_peer_exchange_message_ends_the_connection()
    {
        Start(exchangesPeers: true);
        Send(Message(MessageId.Extended, [PeerExchangeMessage.OwnId, .. "d5:added"u8]));
        AssertViolated("extension message that cannot be read");
    }

    [Fact]
    public void The_peer_gets_messages_under_its_own_id_and_only_if_it_accepts_them()
    {
        Start(exchangesPeers: true);
        List<ExchangedPeer> connected = [new(IPEndPoint.Parse("198.51.100.9:9"), PeerExchangeFlags.Seed)];
        Assert.False(_session.Exchange!.IsDue(1, 0));
        Send(Message(MessageId.Extended, [0, .. "d1:md6:ut_pexi33eee"u8]));
        Sent();
        Assert.True(_session.Exchange.IsDue(1, 0));
        _loop.Run(() => _session.Exchange.Tell(connected, 1, 0));
        byte[] payload = Assert.Single(Sent()).Payload;
        Assert.Equal(33, payload[0]);
        Assert.Equal(connected, PeerExchangeMessage.Read(payload.AsSpan(1)).Added);
        Assert.False(_session.Exchange.IsDue(2, 59));
        _loop.Run(() => _session.Exchange.Tell(connected, 2, 60));
        Assert.Empty(Sent());
        Assert.False(_session.Exchange.IsDue(2, 60)); // nothing new until a peer comes or goes
        Assert.True(_session.Exchange.IsDue(3, 60));
    }

    [Fact]
    public void An_incoming_peer_listens_where_it_declares()
    {
        Start(exchangesPeers: true);
        Send(Message(MessageId.Extended, [0, .. "d1:md12:ut_holepunchi4ee1:pi7001e11:upload_onlyi1ee"u8]));
        Assert.Equal(_session.IsOutgoing ? _session.EndPoint.Port : 7001, _session.ListenEndPoint?.Port);
        Assert.True(_session.IsSeed);
        Assert.Equal(PeerExchangeFlags.Seed | PeerExchangeFlags.SupportsHolepunch, _session.ExchangeFlags & ~PeerExchangeFlags.Reachable);
    }
}
