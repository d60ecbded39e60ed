using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

public sealed class TrackerTests : InteropTest
{
    private static readonly Payload s_payload = Payload.SingleFile("tracked.bin", 3 << 20);
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(20);

    [Theory(Timeout = Limits.Test)]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task Opentracker_returns_its_peers_and_keeps_no_stale_entry_of_us(string scheme)
    {
        IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10, OpentrackerServer.Announce(address, scheme));
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, Temp, torrent.InfoHash);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), trackers: true);
        await using LibtorrentPeer leecher = await LibtorrentPeer.StartAsync(torrent, Target, trackers: true);
        await leecher.UntilCompleteAsync();
        await using TorrentClient client = new(new TorrentClientOptions { StopLimit = Limits.Transfer });

        List<TorrentPeer> peers = await FindAsync(client, torrent, Loopback.FreePort());

        Assert.Equal([.. new[] { seeder.EndPoint.ToString(), leecher.EndPoint.ToString() }.Order()], peers.Select(peer => peer.EndPoint).Order().ToArray());
        Assert.All(peers, peer =>
        {
            Assert.Equal(PeerSource.Tracker, peer.Source);
            Assert.Equal(OpentrackerServer.Announce(address, scheme), peer.Tracker?.ToString());
            Assert.Equal(torrent.InfoHash, peer.InfoHash);
            Assert.Equal(s_payload.Name, peer.TorrentName);
        });
        await Until.TrueAsync(async () => await ScrapeAsync(client, torrent) is { Succeeded: true, Seeders: 2, Leechers: 0, Downloads: 1 }, s_timeout, "two seeders, one of them after a download, and no leecher");
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData("http", "not authorized")]
    [InlineData("udp", "does not serve")] // opentracker has no error text for it over UDP
    public async Task Opentracker_refuses_a_torrent_that_it_does_not_serve(string scheme, string expected)
    {
        IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10, OpentrackerServer.Announce(address, scheme));
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, Temp, new string('0', 40));
        await using TorrentClient client = new(new TorrentClientOptions { StopLimit = Limits.Transfer });
        List<TorrentException> errors = [];

        List<TorrentPeer> peers = await FindAsync(client, torrent, Loopback.FreePort(), errors);

        Assert.Empty(peers);
        TorrentException error = Assert.Single(errors);
        Assert.Equal(TorrentErrorId.TrackerFailure, error.ErrorId);
        Assert.Contains(expected, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task Bittorrent_tracker_returns_its_peers_and_gets_a_start_and_a_stop(string scheme)
    {
        await using NodeTracker tracker = await NodeTracker.StartAsync();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10, (scheme == "udp" ? tracker.UdpUri : tracker.Uri).ToString());
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), trackers: true);
        await tracker.UntilAsync(announces => announces.Any(announce => announce.Event == "start"), "knows the seeder");
        await using TorrentClient client = new(new TorrentClientOptions { StopLimit = Limits.Transfer });
        int port = Loopback.FreePort();

        List<TorrentPeer> peers = await FindAsync(client, torrent, port);

        Assert.Equal([seeder.EndPoint.ToString()], peers.Select(peer => peer.EndPoint));
        string us = $"127.0.0.1:{port}";
        await tracker.UntilAsync(announces => announces.Any(announce => announce.Event == "stop" && announce.Peer == us), "was told of our stop");
        NodeTracker.Announce[] ours = [.. tracker.Announces(torrent.InfoHash).Where(announce => announce.Peer == us)];
        Assert.Equal(["start", "stop"], ours.Select(announce => announce.Event));
        TorrentTracker scraped = await ScrapeAsync(client, torrent);
        Assert.Null(scraped.Error);
        Assert.Equal((1, 0), (scraped.Seeders, scraped.Leechers));
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task A_download_announces_start_completion_and_stop(string scheme)
    {
        await using NodeTracker tracker = await NodeTracker.StartAsync();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10, (scheme == "udp" ? tracker.UdpUri : tracker.Uri).ToString());
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), trackers: true);
        await tracker.UntilAsync(announces => announces.Any(announce => announce.Event == "start"), "knows the seeder");
        string us;
        TorrentDownload result;
        await using (OwnPeer peer = OwnPeer.Start(torrent, OwnPeer.Options(Target)))
        {
            us = peer.EndPoint.ToString();
            result = await peer.UntilCompletedAsync();
        }

        await tracker.UntilAsync(announces => announces.Any(announce => announce.Event == "stop" && announce.Peer == us), "was told of our stop");
        s_payload.AssertIn(Target);
        NodeTracker.Announce[] ours = [.. tracker.Announces(torrent.InfoHash).Where(announce => announce.Peer == us)];
        Assert.Equal(["start", "complete", "stop"], ours.Select(announce => announce.Event).Where(name => name != "update"));
        Assert.Equal([s_payload.Length, 0, 0], ours.Where(announce => announce.Event != "update").Select(announce => (long)announce.Left!));
        Assert.Equal(result.Downloaded, (long)ours[^1].Downloaded!);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Repeating_a_completed_download_does_not_announce_another_completion()
    {
        await using NodeTracker tracker = await NodeTracker.StartAsync();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10, tracker.Uri.ToString());
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload));
        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        // A third, after which all packets of the second have arrived.
        await using (OwnPeer last = OwnPeer.Start(torrent, OwnPeer.Options(Target, seeder.EndPoint) with { SeedTime = Timeout.InfiniteTimeSpan }))
            await tracker.UntilAsync(announces => announces.Any(announce => announce.Event == "start" && announce.Peer == last.EndPoint.ToString()), "was told of the third start");
        Assert.Single(tracker.Announces(torrent.InfoHash), announce => announce.Event == "complete");
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_dead_tracker_is_skipped_for_a_working_one()
    {
        IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10, $"http://{Loopback.Next()}/announce", OpentrackerServer.Announce(address));
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, Temp, torrent.InfoHash);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), trackers: true);
        await Until.TrueAsync(async () => (await tracker.ScrapeAsync(torrent.InfoHash)).StartsWith("8:completei1e", StringComparison.Ordinal), Limits.Start, "opentracker knows the seeder");

        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target));

        s_payload.AssertIn(Target);
    }

    private static async Task<List<TorrentPeer>> FindAsync(TorrentClient client, TestTorrent torrent, int port, List<TorrentException>? errors = null)
    {
        List<TorrentPeer> peers = [];
        PeerSearchOptions options = new() { Sources = [PeerSource.Tracker], Port = port, Timeout = s_timeout, OnError = error => errors?.Add(error) };
        await foreach (TorrentPeer peer in client.FindPeersAsync(torrent.Info, options, Token))
            peers.Add(peer);
        return peers;
    }

    private static async Task<TorrentTracker> ScrapeAsync(TorrentClient client, TestTorrent torrent)
    {
        List<TorrentTracker> trackers = [];
        await foreach (TorrentTracker tracker in client.ScrapeAsync(torrent.Info, s_timeout, Token))
            trackers.Add(tracker);
        return Assert.Single(trackers);
    }
}
