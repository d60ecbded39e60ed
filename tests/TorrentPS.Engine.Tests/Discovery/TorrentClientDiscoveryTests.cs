using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Http;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;
using static TorrentPS.Engine.Trackers.AnnounceEvent;

namespace TorrentPS.Engine.Tests.Discovery;

public sealed class TorrentClientDiscoveryTests : IAsyncDisposable
{
    private readonly ConcurrentQueue<TrackerRequest> _announces = [];
    private readonly ConcurrentQueue<TorrentException> _errors = [];
    private readonly List<IDisposable> _servers = [];
    private readonly TrackerServer _tracker;
    private readonly TorrentClient _client = new();

    public TorrentClientDiscoveryTests() => _tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { OnAnnounce = _announces.Enqueue });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (IDisposable server in _servers)
            server.Dispose();
        await _tracker.DisposeAsync();
    }

    [Fact]
    public async Task Peers_are_found_and_the_tracker_keeps_no_stale_entry()
    {
        await SeedAsync(1, 2, 3);
        List<TorrentPeer> peers = await FindAsync([_tracker.AnnounceUri]);
        Assert.Equal([1, 2, 3], peers.Select(peer => peer.Port).Order());
        Assert.All(peers, peer => Assert.Equal(("127.0.0.1", PeerSource.Tracker, _tracker.AnnounceUri, "test", DiscoveryData.Hash.ToString()),
            (peer.Address, peer.Source, peer.Tracker, peer.TorrentName, peer.InfoHash)));
        Assert.Equal([Started, Stopped], _announces.Select(request => request.Event));
        Assert.Equal(20000L, _announces.First().Left);
        Assert.InRange(_announces.First().EndPoint.Port, 49152, 65535); // not the port of a download, which a stop would remove
        Assert.Single(_announces.Select(request => request.EndPoint.Port).Distinct());
        Assert.Equal(3, _tracker.PeerCount);
        Assert.Empty(_errors);
    }

    [Fact]
    public async Task Leaving_the_loop_early_still_tells_the_tracker_of_the_stop()
    {
        await SeedAsync(1, 2, 3);
        await foreach (TorrentPeer peer in _client.FindPeersAsync(Torrent([_tracker.AnnounceUri]), cancellationToken: Token))
        {
            Assert.Equal(4, _tracker.PeerCount);
            break;
        }
        Assert.Equal([Started, Stopped], _announces.Select(request => request.Event));
        Assert.Equal(3, _tracker.PeerCount);
    }

    [Fact]
    public async Task The_search_ends_with_the_requested_number_of_peers()
    {
        await SeedAsync(1, 2, 3);
        Assert.Equal(2, (await FindAsync([_tracker.AnnounceUri], new PeerSearchOptions { MaxPeers = 2 })).Count);
        Assert.Equal(3, _tracker.PeerCount);
    }

    [Fact]
    public async Task Cancelling_still_announces_the_stop()
    {
        await SeedAsync(1);
        // One answers, the other never does: the search continues until it is cancelled.
        ScriptedHttpServer silent = Serve(_ => null);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (TorrentPeer peer in _client.FindPeersAsync(Torrent([_tracker.AnnounceUri, silent.Announce]), cancellationToken: cancel.Token))
                await cancel.CancelAsync();
        });
        Assert.Equal([Started, Stopped], _announces.Select(request => request.Event));
    }

    [Fact]
    public async Task Failures_are_reported_alongside_peers_from_other_sources()
    {
        await SeedAsync(1);
        ScriptedHttpServer failing = Serve(_ => ScriptedHttpServer.Reply("d14:failure reason6:closede"));
        List<TorrentPeer> peers = await FindAsync([failing.Announce, new Uri("udp://127.0.0.1:1/announce"), _tracker.AnnounceUri]);
        Assert.Single(peers);
        Assert.Equal([TorrentErrorId.TrackerUnreachable, TorrentErrorId.TrackerFailure], _errors.Select(error => error.ErrorId).Order());
        // It never listed us.
        Assert.Single(failing.Requests);
    }

    [Fact]
    public async Task A_silent_tracker_is_reported_after_the_time_limit()
    {
        // Time passes only after it was contacted.
        var time = new FakeTimeProvider();
        ScriptedHttpServer silent = Serve(_ =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            return null;
        });
        Assert.Empty(await FindAsync([silent.Announce], new PeerSearchOptions { Timeout = TimeSpan.FromMilliseconds(100) }, new TorrentClient(new TorrentClientOptions { TimeProvider = time })));
        TorrentException error = Assert.Single(_errors);
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        Assert.Contains("no answer within 0.1 s", error.Message, StringComparison.Ordinal);
        // It may have listed us, so it was told.
        Assert.Contains("event=stopped", silent.Requests.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_two_trackers_return_is_found_once_and_ids_are_text()
    {
        byte[] reply = ScriptedHttpServer.Reply("d5:peersld2:ip9:192.0.2.77:peer id20:-XX0001-\0\xff% abcdefgh4:porti80eeee");
        ScriptedHttpServer a = Serve(_ => reply), b = Serve(_ => reply);
        TorrentPeer peer = Assert.Single(await FindAsync([a.Announce, b.Announce]));
        Assert.Equal(("192.0.2.7:80", "-XX0001-%00%FF%25%20abcdefgh"), (peer.EndPoint, peer.PeerId));
    }

    [Fact]
    public async Task Only_the_given_trackers_are_asked()
    {
        ScriptedHttpServer other = Serve(_ => ScriptedHttpServer.Reply("de"));
        Assert.Empty(await FindAsync([_tracker.AnnounceUri], new PeerSearchOptions { Trackers = [other.Announce] }));
        Assert.Empty(_announces);
        Assert.Equal(2, other.Requests.Count);
    }

    [Fact]
    public async Task Without_trackers_that_is_reported()
    {
        Assert.Empty(await FindAsync([]));
        Assert.All(_errors, error => Assert.Equal(TorrentErrorId.NoPeers, error.ErrorId));
        Assert.Single(_errors, error => error.Message.Contains("names no tracker", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Unavailable_sources_are_reported()
    {
        await SeedAsync(1);
        Assert.Single(await FindAsync([_tracker.AnnounceUri], new PeerSearchOptions { Sources = [PeerSource.Tracker, PeerSource.Dht] }));
        Assert.Contains("DHT", Assert.Single(_errors).Message, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(await FindAsync([_tracker.AnnounceUri], new PeerSearchOptions { Sources = [PeerSource.Dht] }));
        Assert.Equal(2, _errors.Count);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _client.FindPeersAsync(Torrent([]), new PeerSearchOptions { Port = -1 }, Token));
        Assert.Throws<ArgumentOutOfRangeException>(() => _client.FindPeersAsync(Torrent([]), new PeerSearchOptions { MaxPeers = -1 }, Token));
        Assert.Throws<ArgumentOutOfRangeException>(() => _client.ScrapeAsync(Torrent([]), TimeSpan.Zero, Token));
    }

    [Fact]
    public async Task Every_tracker_is_scraped()
    {
        await SeedAsync(1, 2);
        ScriptedHttpServer silent = Serve(_ => null), empty = Serve(_ => ScriptedHttpServer.Reply("d5:filesdee"));
        var torrent = new TorrentInfo(DiscoveryData.Torrent([_tracker.AnnounceUri, new Uri("http://127.0.0.1:1/other")], [silent.Announce, empty.Announce]));
        var results = new Dictionary<Uri, TorrentTracker>();
        var time = new FakeTimeProvider();
        await using var client = new TorrentClient(new TorrentClientOptions { TimeProvider = time });
        await foreach (TorrentTracker result in client.ScrapeAsync(torrent, TimeSpan.FromMilliseconds(300), Token))
        {
            results.Add(result.Uri, result);
            if (results.Count < 3)
                continue;
            Assert.True(SpinWait.SpinUntil(() => !silent.Requests.IsEmpty, TimeSpan.FromMinutes(5)));
            time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(4, results.Count);
        TorrentTracker good = results[_tracker.AnnounceUri];
        Assert.Equal((0, 2, 0, 0, true), (good.Tier, good.Seeders, good.Leechers, good.Downloads, good.Succeeded));
        Assert.NotNull(good.Latency);
        Assert.Contains("has no scrape", results[new Uri("http://127.0.0.1:1/other")].Error, StringComparison.Ordinal);
        Assert.Equal((1, TorrentErrorId.TrackerUnreachable), (results[silent.Announce].Tier, results[silent.Announce].ErrorId));
        Assert.Contains("no answer within 0.3 s", results[silent.Announce].Error, StringComparison.Ordinal);
        Assert.Equal(TorrentErrorId.TrackerFailure, results[empty.Announce].ErrorId);
    }

    [Fact]
    public async Task Scraping_can_be_stopped_early_and_cancelled()
    {
        ScriptedHttpServer silent = Serve(_ => null);
        var torrent = new TorrentInfo(DiscoveryData.Torrent([_tracker.AnnounceUri, silent.Announce]));
        await foreach (TorrentTracker result in _client.ScrapeAsync(torrent, TimeSpan.FromMinutes(5), Token))
            break;
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (TorrentTracker result in _client.ScrapeAsync(torrent, TimeSpan.FromMinutes(5), cancel.Token))
                await cancel.CancelAsync();
        });
    }

    [Fact]
    public async Task A_torrent_is_read_from_an_address()
    {
        byte[] file = Encoding.Latin1.GetBytes("d4:infod6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces20:abcdefghijabcdefghijee");
        ScriptedHttpServer server = Serve(request => request.StartsWith("GET /x.torrent ", StringComparison.Ordinal)
            ? ScriptedHttpServer.Reply(file) : ScriptedHttpServer.Redirect("/x.torrent"));
        TorrentInfo torrent = await _client.GetTorrentAsync(new Uri($"http://127.0.0.1:{server.Port}/get?id=1"), Token);
        Assert.Equal(("x", 5, $"http://127.0.0.1:{server.Port}/get?id=1"), (torrent.Name, torrent.Length, torrent.Path));
    }

    [Theory]
    [InlineData("404 Not Found", TorrentErrorId.TorrentNotFound, "404")]
    [InlineData("500 Internal Server Error", TorrentErrorId.TorrentNotFound, "500")]
    [InlineData("200 OK", TorrentErrorId.InvalidBencode, "is not a torrent")]
    public async Task A_missing_or_invalid_torrent_is_an_error(string status, TorrentErrorId expected, string text)
    {
        ScriptedHttpServer server = Serve(_ => ScriptedHttpServer.Reply("<html>", status));
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => _client.GetTorrentAsync(new Uri($"http://127.0.0.1:{server.Port}/x.torrent"), Token));
        Assert.Equal(expected, error.ErrorId);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.Contains($"http://127.0.0.1:{server.Port}/x.torrent", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/x.torrent", "refused")]
    [InlineData("ftp://127.0.0.1/x.torrent", "only http and https")]
    public async Task An_unreachable_web_seed_is_an_error(string uri, string text)
    {
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => _client.GetTorrentAsync(new Uri(uri), Token));
        Assert.Equal(TorrentErrorId.TorrentNotFound, error.ErrorId);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    private ScriptedHttpServer Serve(Func<string, byte[]?> answer)
    {
        var server = new ScriptedHttpServer(answer);
        _servers.Add(server);
        return server;
    }

    private async Task SeedAsync(params int[] ports)
    {
        var tracker = new HttpTracker(_tracker.AnnounceUri, new HttpFetch(TimeProvider.System));
        foreach (int port in ports)
            await tracker.AnnounceAsync(DiscoveryData.Request(Started) with { Port = port, Statistics = default }, Token);
        _announces.Clear();
    }

    private static TorrentInfo Torrent(params Uri[] trackers) => new(DiscoveryData.Torrent(trackers));

    private async Task<List<TorrentPeer>> FindAsync(Uri[] trackers, PeerSearchOptions? options = null, TorrentClient? client = null)
    {
        var peers = new List<TorrentPeer>();
        await foreach (TorrentPeer peer in (client ?? _client).FindPeersAsync(Torrent(trackers), (options ?? new PeerSearchOptions()) with { OnError = _errors.Enqueue }, Token))
            peers.Add(peer);
        return peers;
    }
}
