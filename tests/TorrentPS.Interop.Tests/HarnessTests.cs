using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>The other programs among themselves: if one of these fails, look at the machine or the harness before the engine.</summary>
public sealed class HarnessTests
{
    private static readonly Payload s_payload = Payload.SingleFile("reference.bin", (1 << 20) + 17);

    [Fact(Timeout = Limits.Test)]
    public async Task Libtorrent_downloads_from_Transmission()
    {
        using TempFolder temp = new();
        TestTorrent torrent = TestTorrent.Create(s_payload, temp.Path);
        string target = temp.Folder("target");
        await using TransmissionPeer seeder = await TransmissionPeer.SeedAsync(torrent, s_payload.WriteTo(temp.Folder("source")), temp);
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, target);

        downloader.Connect(seeder.EndPoint);
        await downloader.UntilCompleteAsync();

        s_payload.AssertIn(target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Transmission_downloads_from_libtorrent()
    {
        using TempFolder temp = new();
        TestTorrent torrent = TestTorrent.Create(s_payload, temp.Path);
        string target = temp.Folder("target");
        await using TransmissionPeer downloader = await TransmissionPeer.StartAsync(torrent, target, temp);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, s_payload.WriteTo(temp.Folder("source")));

        seeder.Connect(downloader.EndPoint);
        await downloader.UntilCompleteAsync();

        s_payload.AssertIn(target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Libtorrent_peers_find_each_other_through_opentracker()
    {
        using TempFolder temp = new();
        System.Net.IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = TestTorrent.Create(s_payload, temp.Path, 64 << 10, OpentrackerServer.Announce(address));
        string target = temp.Folder("target");
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, temp, torrent.InfoHash);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, s_payload.WriteTo(temp.Folder("source")), trackers: true);
        await Until.TrueAsync(async () => (await tracker.ScrapeAsync(torrent.InfoHash)).StartsWith("8:completei1e", StringComparison.Ordinal), Limits.Start, "opentracker knows the seeder");
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, target, trackers: true);

        await downloader.UntilCompleteAsync();

        s_payload.AssertIn(target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Bittorrent_tracker_reports_each_announce()
    {
        using TempFolder temp = new();
        await using NodeTracker tracker = await NodeTracker.StartAsync();
        TestTorrent torrent = TestTorrent.Create(s_payload, temp.Path, 64 << 10, tracker.Uri.ToString());
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, s_payload.WriteTo(temp.Folder("source")), trackers: true);

        await tracker.UntilAsync(announces => announces.Any(announce => announce.Event == "start"), "was told of a start");

        NodeTracker.Announce start = Assert.Single(tracker.Announces(torrent.InfoHash));
        Assert.Equal(0, start.Left);
        Assert.Equal(seeder.EndPoint.ToString(), start.Peer);
    }
}
