using System.Buffers;
using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.TrackerHosting;

/// <summary>A tracker lists its peers with their progress, to those who may know.</summary>
public sealed class SwarmListTests
{
    private static readonly IPEndPoint s_loopback = new(IPAddress.Loopback, 0);
    private static readonly Sample s_sample = Sample.Make(16384, 5, ("one.bin", 1000));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_machine_is_listed_once_with_what_it_lacks_and_when_it_was_seen()
    {
        FakeTimeProvider time = new(DateTimeOffset.UnixEpoch);
        var swarms = new TrackerSwarms(new TrackerServerOptions { TimeProvider = time });
        Announce(swarms, "10.0.0.1", 1, left: 0);
        Announce(swarms, "10.0.0.2", 2, left: 250);
        Announce(swarms, "2001:db8::2", 2, left: 300); // the same client by IPv6, earlier
        time.Advance(TimeSpan.FromSeconds(30));
        Announce(swarms, "10.0.0.2", 2, left: 250);
        Announce(swarms, "10.0.0.3", 3, left: null);
        ListedPeer[] listed = swarms.List(s_sample.Torrent.InfoHash.Wire);
        Assert.Equal(4, listed.Length);
        Assert.Empty(swarms.List("xxxxxxxxxxxxxxxxxxxx"u8));

        var output = new ArrayBufferWriter<byte>();
        PeerListReply.Write(output, listed);
        using var server = new Http.ScriptedHttpServer(_ => Reply(output.WrittenMemory));
        await using var client = new TorrentClient(new TorrentClientOptions { TimeProvider = time });
        var tracker = new Uri($"http://127.0.0.1:{server.Port}/announce");
        TorrentSwarm swarm = await client.GetSwarmAsync(new TorrentInfo(s_sample.Torrent), new SwarmQueryOptions { Trackers = [tracker] }, Token);
        Assert.Equal(1, swarm.CompleteCount);
        Assert.Equal(
            [("10.0.0.1:1", 0L, 100.0, 30), ("10.0.0.2:2", 250L, 75.0, 0), ("10.0.0.3:3", null, null, 0)],
            swarm.Peers.Select(peer => (peer.EndPoint, peer.BytesLeft, peer.PercentComplete, (int)(time.GetUtcNow() - peer.LastSeen).TotalSeconds)));
        Assert.All(swarm.Peers, peer => Assert.Equal(("TorrentPS 0.1.0", s_sample.Torrent.InfoHash.ToString(), tracker), (peer.Client, peer.InfoHash, peer.Tracker)));
    }

    [Theory]
    [InlineData("127.0.0.1", null, true)]
    [InlineData("::1", null, true)]
    [InlineData("192.168.7.7", null, true)]
    [InlineData("169.254.1.1", null, true)]
    [InlineData("fd00::7", null, true)]
    [InlineData("203.0.113.7", null, false)]
    [InlineData("2001:db8::7", null, false)]
    [InlineData("::ffff:192.168.7.7", null, true)]
    [InlineData("::ffff:203.0.113.7", null, false)]
    [InlineData("2002:c0a8:707::1", null, false)] // 6to4 and Teredo addresses with a near IPv4 address inside
    [InlineData("2001:0:c0a8:707::f7f7:f7f7", null, false)]
    [InlineData("203.0.113.7", "203.0.113.0/24", true)]
    [InlineData("192.168.7.7", "203.0.113.0/24", false)]
    [InlineData("2001:db8::7", "0.0.0.0/0,::/0", true)]
    public void Strangers_get_no_list(string address, string? readers, bool isListed)
    {
        TrackerServerOptions options = new() { SwarmReaders = readers is null ? null : AllowedAddresses.Parse(readers) };
        var swarms = new TrackerSwarms(options);
        Announce(swarms, "10.0.0.1", 1, left: 0);
        var output = new ArrayBufferWriter<byte>();
        Assert.True(new TrackerHttpService(options, swarms, new TrackerCounters()).TryAnswer(Encoding.ASCII.GetBytes(AnnounceQuery.List(s_sample.Torrent.InfoHash)), PeerKey.Create(IPAddress.Parse(address), 0), output));
        var uri = new Uri("http://t/announce");
        if (isListed)
            Assert.Single(PeerListReply.Read(output.WrittenSpan, uri));
        else
            Assert.Equal(TorrentErrorId.TrackerFailure, Assert.Throws<TorrentException>(() => PeerListReply.Read(output.WrittenSpan, uri)).ErrorId);
    }

    [Theory]
    [InlineData("d8:intervali5ee")]
    [InlineData("<html>")]
    [InlineData("")]
    [InlineData("d5:peersld3:agei")]
    public void What_is_no_list_is_an_error(string reply) =>
        Assert.Equal(TorrentErrorId.TrackerUnreachable, Assert.Throws<TorrentException>(() => PeerListReply.Read(Encoding.ASCII.GetBytes(reply), new Uri("http://t/announce"))).ErrorId);

    /// <summary>Of hostile lists: what cannot be a peer is left out.</summary>
    [Fact]
    public void Peers_without_an_address_or_a_port_are_left_out() => Assert.Equal(
        [new IPEndPoint(IPAddress.Parse("1.1.1.1"), 7)],
        PeerListReply.Read("d5:peersld2:ip4:\u0001\u0001\u0001\u00014:lefti-5e4:porti7eed2:ip3:abc4:porti7eed2:ip4:abcd4:porti70000eed4:porti7eeee"u8, new Uri("http://t/announce")).Select(peer => peer.EndPoint));

    [Fact]
    public async Task Own_clients_are_listed_and_waited_for()
    {
        await using TrackerServer tracker = TrackerServer.Start(s_loopback, new TrackerServerOptions { Interval = TimeSpan.FromSeconds(5), MinInterval = TimeSpan.FromSeconds(5) });
        var torrent = s_sample.Torrent.With([], tracker.AnnounceUri);
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, torrent);
        await using var client = new TorrentClient();
        int answers = 0;
        Task<TorrentSwarm> both = client.GetSwarmAsync(new TorrentInfo(torrent), new SwarmQueryOptions { Until = 2, Pause = TimeSpan.FromMilliseconds(50), OnAnswer = _ => Interlocked.Increment(ref answers) }, Token);
        await using SwarmMember leecher = SwarmMember.Download(torrent, null, [seed.EndPoint], options => options with { SeedTime = Timeout.InfiniteTimeSpan });
        TorrentSwarm swarm = await both.WaitAsync(TimeSpan.FromMinutes(5), Token);
        Assert.Equal((2, false), (swarm.CompleteCount, swarm.IsTimedOut));
        Assert.NotEqual(0, answers);
        TorrentSwarm late = await client.GetSwarmAsync(new TorrentInfo(torrent), new SwarmQueryOptions { Trackers = [tracker.UdpAnnounceUri!], Until = 3, UntilTimeout = TimeSpan.FromMilliseconds(1) }, Token);
        Assert.Equal((2, true), (late.CompleteCount, late.IsTimedOut));
    }

    [Fact]
    public async Task Without_a_tracker_that_lists_there_is_an_error()
    {
        using var server = new Http.ScriptedHttpServer(_ => Http.ScriptedHttpServer.Reply("", "404 Not Found"));
        await using var client = new TorrentClient();
        TorrentException none = await Assert.ThrowsAsync<TorrentException>(() => client.GetSwarmAsync(new TorrentInfo(s_sample.Torrent), null, Token));
        Assert.Equal(TorrentErrorId.NoPeers, none.ErrorId);
        TorrentException other = await Assert.ThrowsAsync<TorrentException>(() => client.GetSwarmAsync(new TorrentInfo(s_sample.Torrent), new SwarmQueryOptions { Trackers = [new Uri($"http://127.0.0.1:{server.Port}/announce")] }, Token));
        Assert.Equal(TorrentErrorId.TrackerUnreachable, other.ErrorId);
    }

    /// <summary>Clients that come no more often than once a minute are not forgotten between.</summary>
    [Theory]
    [InlineData(5, 120)]
    [InlineData(60, 120)]
    [InlineData(90, 180)]
    public void A_short_interval_is_no_reason_to_forget_soon(int interval, int kept)
    {
        FakeTimeProvider time = new();
        var swarms = new TrackerSwarms(new TrackerServerOptions { TimeProvider = time, Interval = TimeSpan.FromSeconds(interval), MinInterval = TimeSpan.Zero });
        Announce(swarms, "10.0.0.1", 1, left: 0);
        time.Advance(TimeSpan.FromSeconds(kept));
        Assert.Single(swarms.List(s_sample.Torrent.InfoHash.Wire));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(swarms.List(s_sample.Torrent.InfoHash.Wire));
        swarms.Forget();
        Assert.Equal((0, 0), swarms.Counts);
    }

    private static void Announce(TrackerSwarms swarms, string address, int number, long? left)
    {
        var announce = new TrackerAnnounce
        {
            InfoHash = s_sample.Torrent.InfoHash.Wire,
            PeerId = Encoding.ASCII.GetBytes($"-TP0100-{number:000000000000}"),
            Key = PeerKey.Create(IPAddress.Parse(address), (ushort)number),
            Left = left,
            Event = AnnounceEvent.None,
        };
        Assert.Null(swarms.Announce(announce, 50, out TrackerAnswer answer));
        answer.Dispose();
    }

    private static byte[] Reply(ReadOnlyMemory<byte> body) => [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n"), .. body.Span];
}
