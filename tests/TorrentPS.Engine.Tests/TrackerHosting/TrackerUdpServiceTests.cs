using System.Buffers.Binary;
using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.TrackerHosting;

/// <summary>Answers of the tracker to datagrams, without a network.</summary>
public class TrackerUdpServiceTests
{
    private static readonly PeerKey s_v4 = PeerKey.Create(IPAddress.Parse("192.0.2.1"), 0);
    private static readonly PeerKey s_v6 = PeerKey.Create(IPAddress.Parse("2001:db8::1"), 0);

    private readonly FakeTimeProvider _time = new();
    private TrackerUdpService _service;

    public TrackerUdpServiceTests() => _service = Service(new TrackerServerOptions());

    [Fact]
    public void Peers_of_the_requested_family_are_returned_in_its_form()
    {
        AnnounceAs(s_v4, 1);
        AnnounceAs(s_v6, 2);
        Assert.Equal("00000001" + "00000009" + "00000258" + "00000003" + "00000000" + "c00002010001", Convert.ToHexStringLower(AnnounceAs(s_v4, 3)));
        Assert.Equal("00000001" + "00000009" + "00000258" + "00000004" + "00000000" + "20010db80000000000000000000000010002", Convert.ToHexStringLower(AnnounceAs(s_v6, 4)));
    }

    [Fact]
    public void A_connection_id_is_valid_for_two_minutes_and_one_address()
    {
        long id = Connect(s_v4);
        _time.Advance(TimeSpan.FromSeconds(120));
        Assert.Equal(UdpTrackerAction.Announce, Action(Announce(s_v4, id)));
        Assert.Equal(UdpTrackerAction.Error, Action(Announce(PeerKey.Create(IPAddress.Parse("192.0.2.2"), 0), id)));
        Assert.Equal(UdpTrackerAction.Error, Action(Announce(s_v4, id ^ 1 << 20)));
        Assert.Equal(UdpTrackerAction.Error, Action(Announce(s_v4, id ^ 1)));
        Assert.Equal(UdpTrackerAction.Error, Action(Announce(s_v4, 0)));
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(UdpTrackerAction.Error, Action(Announce(s_v4, id)));
        Assert.NotEqual(id, Connect(s_v4));
    }

    [Fact]
    public void Two_trackers_give_different_ids()
    {
        long id = Connect(s_v4);
        _service = Service(new TrackerServerOptions());
        Assert.Equal(UdpTrackerAction.Error, Action(Announce(s_v4, id)));
    }

    [Fact]
    public void A_forged_address_gets_no_more_bytes_than_were_sent()
    {
        for (int length = 0; length < 200; length++)
        {
            for (int action = -1; action < 5; action++)
            {
                byte[] datagram = new byte[length];
                if (length >= 12)
                    BinaryPrimitives.WriteInt32BigEndian(datagram.AsSpan(8), action);
                if (length >= 16 && action == 0)
                    UdpTrackerRequest.WriteConnect(datagram, 1);
                Assert.InRange(Ask(s_v4, datagram).Length, 0, length);
            }
        }
    }

    [Theory]
    [InlineData(0, 16, 15)] // too short
    [InlineData(4, 16, 16)] // an unknown action
    [InlineData(3, 98, 98)]
    public void An_invalid_request_is_not_answered(int action, int size, int length)
    {
        byte[] datagram = new byte[size];
        BinaryPrimitives.WriteInt64BigEndian(datagram, action == 0 ? UdpTrackerRequest.ProtocolId : Connect(s_v4));
        BinaryPrimitives.WriteInt32BigEndian(datagram.AsSpan(8), action);
        Assert.Empty(Ask(s_v4, datagram[..length]));
    }

    [Fact]
    public void A_connect_request_with_another_protocol_id_is_not_answered() => Assert.Empty(Ask(s_v4, new byte[16]));

    [Fact]
    public void Wrong_requests_over_a_connection_get_an_error()
    {
        long id = Connect(s_v4);
        byte[] datagram = Datagram(id, 1);
        Assert.Contains("98 bytes", Error(Ask(s_v4, datagram[..97])), StringComparison.Ordinal);
        Assert.Contains("port", Error(Ask(s_v4, Datagram(id, 0))), StringComparison.Ordinal);
        byte[] scrape = datagram[..35];
        scrape[11] = 2;
        Assert.Contains("info_hash", Error(Ask(s_v4, scrape)), StringComparison.Ordinal);
        _service = Service(new TrackerServerOptions { AllowedTorrents = [InfoHash.Create(new byte[20])] });
        Assert.Contains("not served here", Error(AnnounceAs(s_v4, 1)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_fits_into_one_datagram_whatever_is_requested()
    {
        _service = Service(new TrackerServerOptions { MaxPeersPerAnswer = 2000 });
        for (int port = 1; port <= 500; port++)
        {
            AnnounceAs(s_v4, (ushort)port);
            AnnounceAs(s_v6, (ushort)port);
        }
        Assert.Equal(20 + 230 * 6, AnnounceAs(s_v4, 1, numWant: int.MaxValue).Length);
        Assert.Equal(20 + 67 * 18, AnnounceAs(s_v6, 1, numWant: int.MaxValue).Length);
        Assert.Equal(20 + 50 * 6, AnnounceAs(s_v4, 1, numWant: -1).Length);
        Assert.Equal(20, AnnounceAs(s_v4, 1, numWant: 0).Length);
        Assert.Equal(20, AnnounceAs(s_v4, 1, announceEvent: AnnounceEvent.Stopped).Length);
    }

    [Fact]
    public void Scrapes_are_answered_in_order_with_zeros_for_unknown_torrents()
    {
        AnnounceAs(s_v4, 1, left: 0);
        AnnounceAs(s_v4, 2);
        byte[] datagram = new byte[56];
        UdpTrackerRequest.WriteScrape(datagram, Connect(s_v4), 9, [InfoHash.Create(new byte[20]), DiscoveryData.Hash], 0, 2);
        Assert.Equal("0000000200000009" + "000000000000000000000000" + "000000010000000000000001", Convert.ToHexStringLower(Ask(s_v4, datagram)));
    }

    [Fact]
    public void A_given_address_is_used_only_if_allowed()
    {
        AnnounceAs(s_v4, 1, address: 0x07070707);
        Assert.EndsWith("c00002010001", Convert.ToHexStringLower(AnnounceAs(s_v4, 2)), StringComparison.Ordinal);
        _service = Service(new TrackerServerOptions { TrustsGivenAddress = true });
        AnnounceAs(s_v4, 1, address: 0x07070707);
        Assert.EndsWith("070707070001", Convert.ToHexStringLower(AnnounceAs(s_v4, 2)), StringComparison.Ordinal);
    }

    [Fact]
    public void Announces_are_passed_on_with_their_contents()
    {
        TrackerRequest? seen = null;
        _service = Service(new TrackerServerOptions { OnAnnounce = request => seen = request });
        AnnounceAs(s_v4, 7, left: -1, announceEvent: AnnounceEvent.Completed, url: "/announce?key=x");
        Assert.Equal(("192.0.2.1:7", true, null, AnnounceEvent.Completed, "/announce?key=x"),
            (seen!.EndPoint.ToString(), seen.IsUdp, seen.Left, seen.Event, seen.Target));
    }

    private TrackerUdpService Service(TrackerServerOptions options)
    {
        options = options with { TimeProvider = _time };
        return new TrackerUdpService(options, new TrackerSwarms(options), new TrackerCounters());
    }

    private static UdpTrackerAction Action(byte[] reply)
    {
        Assert.True(UdpTrackerReply.TryReadHeader(reply, out UdpTrackerAction action, out uint transactionId));
        Assert.Equal(9u, transactionId);
        return action;
    }

    private static string Error(byte[] reply)
    {
        Assert.Equal(3, reply[3]);
        return Encoding.ASCII.GetString(UdpTrackerReply.ReadError(reply));
    }

    private byte[] Ask(PeerKey from, byte[] datagram)
    {
        byte[] reply = new byte[TrackerUdpService.MaxReplyLength];
        return reply[.._service.Answer(datagram, from, reply)];
    }

    private long Connect(PeerKey from)
    {
        byte[] datagram = new byte[16];
        UdpTrackerRequest.WriteConnect(datagram, 9);
        return UdpTrackerReply.ReadConnect(Ask(from, datagram));
    }

    private byte[] Announce(PeerKey from, long connectionId) => Ask(from, Datagram(connectionId, 1));

    private byte[] AnnounceAs(PeerKey from, ushort port, long left = 5, int numWant = 200, uint address = 0, AnnounceEvent announceEvent = AnnounceEvent.None, string url = "") =>
        Ask(from, Datagram(Connect(from), port, left, numWant, address, announceEvent, url));

    private static byte[] Datagram(long connectionId, ushort port, long left = 5, int numWant = 200, uint address = 0, AnnounceEvent announceEvent = AnnounceEvent.None, string url = "")
    {
        byte[] datagram = new byte[200];
        var announce = new UdpAnnounce
        {
            InfoHash = DiscoveryData.Hash.Wire,
            PeerId = DiscoveryData.PeerId,
            Left = left,
            Event = announceEvent,
            Address = address,
            NumWant = numWant,
            Port = port,
            UrlData = Encoding.ASCII.GetBytes(url),
        };
        return datagram[..UdpTrackerRequest.WriteAnnounce(datagram, connectionId, 9, announce)];
    }
}
