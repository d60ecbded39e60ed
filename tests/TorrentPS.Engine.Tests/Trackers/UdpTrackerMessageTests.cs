using System.Net;
using FsCheck.Xunit;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Trackers;

/// <summary>The bytes of BEP 15 and BEP 41 messages.</summary>
public class UdpTrackerMessageTests
{
    private static readonly Uri s_tracker = new("udp://tracker.example:80");

    [Fact]
    public void A_connect_request_is_that_of_the_specification()
    {
        byte[] datagram = new byte[16];
        Assert.Equal(16, UdpTrackerRequest.WriteConnect(datagram, 0xA1B2C3D4));
        Assert.Equal("0000041727101980" + "00000000" + "a1b2c3d4", Convert.ToHexStringLower(datagram));
    }

    [Fact]
    public void An_announce_has_every_field_at_its_offset()
    {
        byte[] datagram = new byte[200];
        var announce = new UdpAnnounce
        {
            InfoHash = DiscoveryData.Hash.Wire,
            PeerId = DiscoveryData.PeerId,
            Downloaded = 0x0102030405060708,
            Left = 3_000_000_000,
            Uploaded = 1,
            Event = AnnounceEvent.Started,
            Address = 0xC0000207,
            Key = 0xdeadbeef,
            NumWant = -1,
            Port = 6881,
            UrlData = "/a?b=c"u8,
        };
        int length = UdpTrackerRequest.WriteAnnounce(datagram, 0x1122334455667788, 0xA1B2C3D4, announce);
        Assert.Equal("1122334455667788" + "00000001" + "a1b2c3d4" + Convert.ToHexStringLower(DiscoveryData.Hash.Wire) + Convert.ToHexStringLower(DiscoveryData.PeerId)
            + "0102030405060708" + "00000000b2d05e00" + "0000000000000001" + "00000002" + "c0000207" + "deadbeef" + "ffffffff" + "1ae1" + "0206" + "2f613f623d63",
            Convert.ToHexStringLower(datagram.AsSpan(0, length)));
    }

    [Theory]
    [InlineData(AnnounceEvent.None, 0)]
    [InlineData(AnnounceEvent.Completed, 1)]
    [InlineData(AnnounceEvent.Started, 2)]
    [InlineData(AnnounceEvent.Stopped, 3)]
    public void Events_have_the_numbers_of_the_specification(AnnounceEvent announceEvent, byte code)
    {
        byte[] datagram = new byte[98];
        UdpTrackerRequest.WriteAnnounce(datagram, 0, 0, new UdpAnnounce { InfoHash = DiscoveryData.Hash.Wire, PeerId = DiscoveryData.PeerId, Event = announceEvent });
        Assert.Equal(code, datagram[83]);
        Assert.True(UdpTrackerRequest.TryReadAnnounce(datagram, default, out UdpAnnounce read));
        Assert.Equal(announceEvent, read.Event);
    }

    [Property]
    public bool What_is_written_as_an_announce_is_read_again(long downloaded, long left, long uploaded, uint address, uint key, int numWant, ushort port, ushort urlLength)
    {
        byte[] url = new byte[urlLength % (UdpTrackerRequest.MaxUrlData + 1)];
        new Random(urlLength).NextBytes(url);
        byte[] datagram = new byte[98 + UdpTrackerRequest.MaxUrlData + 10];
        var written = new UdpAnnounce
        {
            InfoHash = DiscoveryData.Hash.Wire,
            PeerId = DiscoveryData.PeerId,
            Downloaded = downloaded,
            Left = left,
            Uploaded = uploaded,
            Address = address,
            Key = key,
            NumWant = numWant,
            Port = port,
            UrlData = url,
        };
        int length = UdpTrackerRequest.WriteAnnounce(datagram, 7, 9, written);
        return UdpTrackerRequest.TryReadHeader(datagram, out long connectionId, out UdpTrackerAction action, out uint transactionId)
            && (connectionId, action, transactionId) == (7, UdpTrackerAction.Announce, 9u)
            && UdpTrackerRequest.TryReadAnnounce(datagram.AsSpan(0, length), new byte[UdpTrackerRequest.MaxUrlData], out UdpAnnounce read)
            && read.InfoHash.SequenceEqual(DiscoveryData.Hash.Wire) && read.PeerId.SequenceEqual(DiscoveryData.PeerId)
            && (read.Downloaded, read.Left, read.Uploaded, read.Address) == (downloaded, left, uploaded, address)
            && (read.Key, read.NumWant, read.Port) == (key, numWant, port)
            && read.UrlData.SequenceEqual(url);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("0000", "")] // ends
    [InlineData("01010203616263", "abc")] // NOPs before
    [InlineData("0902ffff0203616263", "abc")] // an unknown option is skipped
    [InlineData("02036162630202646500", "abcde")] // in two pieces, to the end
    [InlineData("0200", "")] // none
    [InlineData("02", "")] // truncated
    [InlineData("02036162", "")] // longer than the datagram
    [InlineData("02016109ff02026263", "a")]
    public void Unknown_options_are_skipped(string options, string expected)
    {
        byte[] datagram = [.. new byte[98], .. Convert.FromHexString(options)];
        Assert.True(UdpTrackerRequest.TryReadAnnounce(datagram, new byte[100], out UdpAnnounce announce));
        Assert.Equal(expected, System.Text.Encoding.ASCII.GetString(announce.UrlData));
    }

    [Property]
    public void No_datagram_is_read_beyond_its_end(byte[] datagram) => Assert.Null(Record.Exception(() => ReadAll(datagram)));

    private static void ReadAll(byte[] datagram)
    {
        UdpTrackerRequest.TryReadHeader(datagram, out _, out _, out _);
        UdpTrackerRequest.TryReadAnnounce(datagram, new byte[64], out _);
        _ = datagram.Length < 16 || UdpTrackerRequest.ReadScrape(datagram).Length % 20 == 0;
        if (UdpTrackerReply.TryReadHeader(datagram, out UdpTrackerAction action, out _))
        {
            _ = action switch
            {
                UdpTrackerAction.Connect => UdpTrackerReply.ReadConnect(datagram),
                UdpTrackerAction.Announce => UdpTrackerReply.IsEmptyAnnounce(datagram, action) ? 0 : UdpTrackerReply.ReadAnnounce(datagram, IPAddress.Loopback, s_tracker).Peers.Count,
                _ => UdpTrackerReply.ReadError(datagram).Length,
            };
        }
    }

    [Fact]
    public void A_scrape_is_read_up_to_74_torrents()
    {
        InfoHash[] hashes = [.. Enumerable.Range(0, 80).Select(number => InfoHash.Create([.. Enumerable.Repeat((byte)number, 20)]))];
        byte[] datagram = new byte[2000];
        int length = UdpTrackerRequest.WriteScrape(datagram, 1, 2, hashes, 3, 74);
        Assert.Equal(16 + 74 * 20, length);
        ReadOnlySpan<byte> read = UdpTrackerRequest.ReadScrape(datagram.AsSpan(0, length));
        Assert.Equal(74 * 20, read.Length);
        Assert.Equal((3, 76), (read[0], read[^1]));
        Assert.Equal(74 * 20, UdpTrackerRequest.ReadScrape(datagram).Length);
        Assert.Equal(20, UdpTrackerRequest.ReadScrape(datagram.AsSpan(0, 16 + 39)).Length);
    }

    [Fact]
    public void Replies_have_every_field_at_its_offset()
    {
        byte[] reply = new byte[64];
        Assert.Equal("00000000a1b2c3d41122334455667788", Hex(UdpTrackerReply.WriteConnect(reply, 0xA1B2C3D4, 0x1122334455667788)));
        Assert.Equal("00000001a1b2c3d4000003840000000300000002", Hex(UdpTrackerReply.WriteAnnounce(reply, 0xA1B2C3D4, 900, leechers: 3, seeders: 2)));
        Assert.Equal("00000002a1b2c3d4", Hex(UdpTrackerReply.WriteScrape(reply, 0xA1B2C3D4)));
        Assert.Equal("000000050000000600000007", Hex(UdpTrackerReply.WriteCounts(reply, seeders: 5, downloads: 6, leechers: 7)));
        Assert.Equal("00000003a1b2c3d46e6f", Hex(UdpTrackerReply.WriteError(reply, 0xA1B2C3D4, "no"u8)));

        string Hex(int length) => Convert.ToHexStringLower(reply.AsSpan(0, length));
    }

    [Theory]
    [InlineData("192.0.2.1", "c00002070050" + "c00002080051" + "c000", "192.0.2.7:80 192.0.2.8:81")]
    [InlineData("2001:db8::1", "20010db800000000000000000000000700500102", "[2001:db8::7]:80")]
    public void Peers_have_the_address_family_of_the_request(string from, string peers, string expected)
    {
        byte[] reply = Convert.FromHexString("00000001a1b2c3d4000003840000000300000002" + peers);
        AnnounceResponse response = UdpTrackerReply.ReadAnnounce(reply, IPAddress.Parse(from), s_tracker);
        Assert.Equal(expected, string.Join(' ', response.Peers.Select(peer => peer.EndPoint)));
        Assert.Equal((TimeSpan.FromSeconds(900), 2, 3), (response.Interval, response.Complete, response.Incomplete));
    }

    [Fact]
    public void A_tracker_in_the_Internet_cannot_name_peers_on_this_machine()
    {
        byte[] reply = Convert.FromHexString("00000001a1b2c3d4000003840000000300000002" + "7f0000010050");
        Assert.Empty(UdpTrackerReply.ReadAnnounce(reply, IPAddress.Parse("7.7.7.7"), s_tracker).Peers);
        Assert.Single(UdpTrackerReply.ReadAnnounce(reply, IPAddress.Loopback, s_tracker).Peers);
    }

    [Fact]
    public void Nonsense_in_a_reply_is_ignored()
    {
        AnnounceResponse response = UdpTrackerReply.ReadAnnounce(Convert.FromHexString("00000001a1b2c3d4ffffffff8000000080000000"), IPAddress.Loopback, s_tracker);
        Assert.Equal((null, null, null), (response.Interval, response.Complete, response.Incomplete));
        response = UdpTrackerReply.ReadAnnounce(Convert.FromHexString("00000001a1b2c3d47fffffff0000000000000000"), IPAddress.Loopback, s_tracker);
        Assert.Equal(TimeSpan.FromDays(7), response.Interval);
    }
}
