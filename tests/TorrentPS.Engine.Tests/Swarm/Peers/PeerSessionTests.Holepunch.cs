using System.Net;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

public sealed partial class PeerSessionTests
{
    private static byte[] Punch(HolepunchMessage message) => Message(MessageId.Extended, [HolepunchMessage.OwnId, .. message.ToBytes()]);

    [Fact]
    public void Holepunching_is_offered_and_messages_are_passed_on()
    {
        Start(exchangesPeers: true, punchesHoles: true);
        Assert.Equal(HolepunchMessage.OwnId, ExtensionHandshake.Read(Sent()[0].Payload.AsSpan(1)).Extensions["ut_holepunch"]);
        HolepunchMessage asked = new(HolepunchType.Rendezvous, IPEndPoint.Parse("192.0.2.1:1"));
        Send(Punch(asked));
        Assert.Equal([asked], _swarm.Holepunches);
        AssertOpen();
    }

    [Fact]
    public void Without_uTP_it_is_not_offered()
    {
        Start(exchangesPeers: true);
        Assert.False(ExtensionHandshake.Read(Sent()[0].Payload.AsSpan(1)).Extensions.ContainsKey("ut_holepunch"));
        Assert.Null(_session.Holepunch);
    }

    [Fact]
    public void Ten_messages_a_minute_are_processed_and_a_flood_ends_the_connection()
    {
        Start(exchangesPeers: true, punchesHoles: true);
        for (int i = 1; i <= 50; i++)
            Send(Punch(new HolepunchMessage(HolepunchType.Connect, IPEndPoint.Parse($"192.0.2.{i}:1"))));
        Assert.Equal(HolepunchLink.PerMinute, _swarm.Holepunches.Count);
        AssertOpen();
        _swarm.Now = 6;
        Send(Punch(new HolepunchMessage(HolepunchType.Connect, IPEndPoint.Parse("192.0.2.99:1"))));
        Assert.Equal(HolepunchLink.PerMinute + 1, _swarm.Holepunches.Count);
        for (int i = 0; i < 100; i++)
            Send(Message(MessageId.Extended, HolepunchMessage.OwnId, 9));
        AssertViolated("flood of holepunch messages");
    }

    [Fact]
    public void A_peer_can_be_made_to_connect_ten_times_a_minute_at_most()
    {
        Start(exchangesPeers: true, punchesHoles: true);
        Assert.False(_session.Holepunch!.TakesRelayed()); // it has not announced support
        Send(Message(MessageId.Extended, [0, .. "d1:md12:ut_holepunchi77eee"u8]));
        Sent();
        Assert.Equal(HolepunchLink.PerMinute, Enumerable.Range(0, 50).Count(_ => _session.Holepunch.TakesRelayed()));
        HolepunchMessage message = new(HolepunchType.Connect, IPEndPoint.Parse("192.0.2.1:1"));
        _loop.Run(() => _session.Holepunch.Send(message));
        byte[] payload = Assert.Single(Sent()).Payload;
        Assert.Equal(77, payload[0]);
        Assert.Equal(message, HolepunchMessage.Read(payload.AsSpan(1)));
    }
}
