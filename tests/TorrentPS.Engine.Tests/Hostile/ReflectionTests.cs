using System.Net;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>Answers to forged addresses: a sender cannot make us send more to a third party than it sends to us, or more than a trickle.</summary>
public sealed class ReflectionTests
{
    [Fact]
    public void Before_it_knows_the_client_a_UDP_tracker_sends_no_more_than_it_received()
    {
        TrackerServerOptions options = new() { TimeProvider = new FakeTimeProvider() };
        TrackerUdpService service = new(options, new TrackerSwarms(options), new TrackerCounters());
        PeerKey from = PeerKey.Create([192, 0, 2, 1], 1);
        byte[] reply = new byte[TrackerUdpService.MaxReplyLength];
        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] datagram = new byte[random.Next(200)];
            random.NextBytes(datagram);
            if (datagram.Length >= 16)
            {
                datagram.AsSpan(8, 3).Clear();
                datagram[11] = (byte)random.Next(4);
                if (random.Next(4) == 0)
                    UdpTrackerRequest.WriteConnect(datagram, 7);
            }

            Assert.InRange(service.Answer(datagram, from, reply), 0, datagram.Length);
        }
    }

    [Fact]
    public void A_DHT_node_sends_little_to_an_address_that_others_forge()
    {
        FakeTimeProvider time = new();
        long sent = 0;
        DhtNode node = new(System.Net.Sockets.AddressFamily.InterNetwork, NodeId.Random(), new DhtScope(), time, (packet, _) => sent += packet.Length);
        KrpcWriter writer = new();
        byte[] query = writer.Query(1, NodeId.Random(), false, new KrpcQuery(KrpcMethod.FindNode) { Target = NodeId.Random() }).ToArray();
        IPEndPoint victim = IPEndPoint.Parse("203.0.113.9:6881");
        for (int second = 0; second < 60; second++)
        {
            for (int i = 0; i < 1000; i++)
                node.Receive(query, victim);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(sent, 1, AnswerLimiter.BurstPerAddress + 61 * (AnswerLimiter.RatePerAddress + KrpcWriter.MaxLength));
    }
}
