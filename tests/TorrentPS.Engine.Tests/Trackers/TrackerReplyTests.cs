using System.Net;
using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Trackers;
using static TorrentPS.Engine.Tests.Discovery.DiscoveryData;

namespace TorrentPS.Engine.Tests.Trackers;

public class TrackerReplyTests
{
    private static readonly Uri s_tracker = new("http://tracker.example/announce?passkey=secret");

    [Fact]
    public void Compact_peers_of_both_families_are_read()
    {
        AnnounceResponse response = Announce("d8:intervali1800e5:peers12:\x7f\0\0\x01\x1a\xe1\xc0\0\x02\x07\0\x50" +
            "6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe2" + "e");
        Assert.Equal(["127.0.0.1:6881", "192.0.2.7:80", "[2001:db8::1]:6882"], EndPoints(response));
        Assert.All(response.Peers, peer => Assert.Equal((PeerSource.Tracker, s_tracker), (peer.Source, peer.Tracker)));
        Assert.Equal(TimeSpan.FromMinutes(30), response.Interval);
    }

    [Fact]
    public void Dictionary_peers_are_read()
    {
        AnnounceResponse response = Announce("d5:peersl" +
            "d2:ip9:192.0.2.77:peer id20:-TR3000-0123456789ab4:porti6881ee" +
            "d2:ip11:2001:db8::24:porti1ee" +
            "d2:ip11:example.com4:porti2ee" + "i7e" + "d4:porti5ee" + "d2:ip9:192.0.2.84:porti70000ee" + "ee");
        Assert.Equal(["192.0.2.7:6881", "[2001:db8::2]:1"], EndPoints(response));
        Assert.Equal("-TR3000-0123456789ab", Encoding.ASCII.GetString(response.Peers[0].PeerId.Span));
        Assert.True(response.Peers[1].PeerId.IsEmpty);
    }

    [Fact]
    public void Addresses_that_cannot_be_peers_and_duplicates_are_dropped() => Assert.Equal(["192.0.2.7:80"], EndPoints(Announce(
        "d5:peers48:" + "\xc0\0\x02\x07\0\x50" + "\xc0\0\x02\x07\0\x50" + "\xc0\0\x02\x07\0\0" + "\0\0\0\0\0\x50" + "\xe0\0\0\x01\0\x50" + "\xff\xff\xff\xff\0\x50" + "\0\x01\x02\x03\0\x50"
        + "\xf0\x01\x02\x03\0\x50" + "6:peers654:" + new string('\0', 16) + "\0\x50" + "\xff\x02" + new string('\0', 13) + "\x01\0\x50"
        + new string('\0', 10) + "\xff\xff\xc0\0\x02\x07\0\x50" + "e")));

    [Fact]
    public void Bytes_after_the_last_whole_compact_peer_are_ignored() => Assert.Equal(["192.0.2.7:80"], EndPoints(Announce("d5:peers9:\xc0\0\x02\x07\0\x50\xc0\0\x02" + "e")));

    [Fact]
    public void The_peers_of_one_reply_are_limited()
    {
        var peers = new StringBuilder();
        for (int i = 0; i < 5000; i++)
            peers.Append((char)10).Append((char)(i >> 8)).Append((char)(i & 255)).Append("\x01\x1a\xe1");
        Assert.Equal(PeerCollector.MaxPeers, Announce($"d5:peers{peers.Length}:{peers}e").Peers.Count);
    }

    [Fact]
    public void Every_other_key_is_read()
    {
        AnnounceResponse response = Announce("d8:completei5e10:downloadedi77e11:external ip4:\xc0\0\x02\x01" + "10:incompletei6e8:intervali900e12:min intervali300e5:peers0:10:tracker id3:a\0b15:warning message5:hi\x1b[2e");
        Assert.Equal((5, 6, 77), (response.Complete, response.Incomplete, response.Downloaded));
        Assert.Equal((TimeSpan.FromSeconds(900), TimeSpan.FromSeconds(300)), (response.Interval, response.MinInterval));
        Assert.Equal(IPAddress.Parse("192.0.2.1"), response.ExternalAddress);
        Assert.Equal("a\0b"u8.ToArray(), response.TrackerId.ToArray());
        Assert.Equal("hi\\u001b[2", response.Warning);
    }

    [Theory]
    [InlineData("d8:intervali0ee")]
    [InlineData("d8:intervali-5ee")]
    [InlineData("d8:interval4:soone")]
    [InlineData("de")]
    public void A_nonsensical_interval_is_ignored(string reply) => Assert.Null(Announce(reply).Interval);

    [Fact]
    public void An_endless_interval_is_capped() => Assert.Equal(TimeSpan.FromDays(7), Announce("d8:intervali9223372036854775807ee").Interval);

    [Theory]
    [InlineData("d5:peersi5ee")]
    [InlineData("d5:peersd1:ai1eee")]
    [InlineData("d8:completei-1e11:external ip3:abc10:tracker idi5e15:warning messageli1eee")]
    public void Values_of_a_wrong_type_are_ignored(string reply)
    {
        AnnounceResponse response = Announce(reply);
        Assert.Empty(response.Peers);
        Assert.Null(response.Complete);
        Assert.Null(response.ExternalAddress);
    }

    [Fact]
    public void A_failure_reason_is_the_trackers_text_cleaned_and_without_our_key()
    {
        TorrentException error = Assert.Throws<TorrentException>(() => Announce("d14:failure reason22:not\x1b[31m registered\n!!5:peers0:e"));
        Assert.Equal(TorrentErrorId.TrackerFailure, error.ErrorId);
        Assert.Equal("not\\u001b[31m registered\\u000a!! (tracker http://tracker.example/announce?…)", error.Message);
    }

    [Fact]
    public void A_failure_reason_is_limited_in_length()
    {
        TorrentException error = Assert.Throws<TorrentException>(() => Announce($"d14:failure reason100000:{new string('x', 100000)}e"));
        Assert.InRange(error.Message.Length, 100, 700);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("le")]
    [InlineData("d5:peers12:abc")]
    [InlineData("d8:intervali18")]
    [InlineData("d8:intervali99999999999999999999ee")]
    public void Anything_but_a_reply_is_an_error(string reply) => Assert.Throws<BencodeException>(() => Announce(reply));

    [Fact]
    public void Scrapes_are_read_in_request_order()
    {
        var unknown = InfoHash.Create(Encoding.ASCII.GetBytes("aaaaaaaaaaaaaaaaaaaa"));
        string hash = Encoding.Latin1.GetString(Hash.Wire);
        ScrapeResponse response = TrackerReply.ReadScrape(Bytes($"d5:filesd20:bbbbbbbbbbbbbbbbbbbbi1e20:{hash}d8:completei5e10:downloadedi50e10:incompletei-3e4:name1:xee5:flagsd20:min_request_intervali9eee"), [unknown, Hash], s_tracker);
        Assert.Equal([null, new ScrapeCounts(5, null, 50)], response.Torrents);
    }

    [Fact]
    public void A_scrape_with_hashes_in_UTF_8_is_read()
    {
        byte[] hash = [.. Enumerable.Range(0x70, 20).Select(value => (byte)value)];
        byte[] key = System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.Latin1.GetString(hash));
        byte[] reply = [.. Bytes($"d5:filesd{key.Length}:"), .. key, .. Bytes("d8:completei5eeee")];

        ScrapeResponse response = TrackerReply.ReadScrape(reply, [Hash, Engine.Metainfo.InfoHash.Create(hash)], s_tracker);

        Assert.Equal([null, new ScrapeCounts(5, null, null)], response.Torrents);
    }

    [Theory]
    [InlineData("d14:failure reason2:noe")]
    [InlineData("d5:filesde14:failure_reason2:noe")]
    public void A_scrape_can_fail(string reply) => Assert.Equal(TorrentErrorId.TrackerFailure,
        Assert.Throws<TorrentException>(() => TrackerReply.ReadScrape(Bytes(reply), [Hash], s_tracker)).ErrorId);

    [Property(MaxTest = 500)]
    public void Any_bytes_are_read_or_are_a_typed_error(byte[] noise, byte place, byte value)
    {
        byte[] reply = Bytes("d8:completei5e5:peersld2:ip9:192.0.2.77:peer id20:-TR3000-0123456789ab4:porti6881eee6:peers618:abcdefghijklmnopqr5:filesd20:bbbbbbbbbbbbbbbbbbbbd8:completei1eeee");
        reply[place % reply.Length] = value;
        foreach (byte[] input in new[] { noise, reply, [.. "d"u8, .. noise], [.. reply.AsSpan(0, place % reply.Length), .. noise] })
        {
            Try(() => TrackerReply.ReadAnnounce(input, s_tracker));
            Try(() => TrackerReply.ReadScrape(input, [Hash], s_tracker));
            _ = TrackerReply.TryReadFailure(input, out _);
        }

        // The only kind of error allowed.
        static void Try(Action action) => Assert.True(Record.Exception(action) is null or TorrentException);
    }

    private static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);

    private static AnnounceResponse Announce(string latin1) => TrackerReply.ReadAnnounce(Bytes(latin1), s_tracker);

    private static IEnumerable<string> EndPoints(AnnounceResponse response) => response.Peers.Select(peer => peer.EndPoint.ToString());
}
