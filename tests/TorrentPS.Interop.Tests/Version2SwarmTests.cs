using System.Net;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Transport;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>
/// Version 2 and hybrid torrents (BEP 52) found through trackers and the DHT, which use a truncated info hash, over encrypted connections, and in swarms of both
/// generations.
/// </summary>
public sealed class Version2SwarmTests : InteropTest
{
    private static readonly Payload s_payload = Payload.Folder("swarm", [("a/deep", 100), ("b.bin", 9_000_000), ("empty", 0), ("exact", 65536), ("sub/z", 1_300_001)]);

    private string SourceFolder => field ??= Source(s_payload);

    private Task<TestTorrent> MakeAsync(TorrentVersion version, string? tracker = null) => TestTorrent.MakeAsync(s_payload, SourceFolder, Temp.Path,
        new TorrentCreatorOptions { Version = version, PieceLength = 64 << 10, Trackers = tracker is null ? [] : [[new Uri(tracker)]] });

    /// <summary>The keys of a torrent at a tracker: 20 bytes of each of its info hashes.</summary>
    private static string[] HashesOf(TestTorrent torrent) => [.. new[] { torrent.Info.InfoHashV1, torrent.Info.InfoHashV2?[..40] }.OfType<string>()];

    private static Task TrackedAsync(OpentrackerServer tracker, string hash, int seeders = 1) => Until.TrueAsync(
        async () => (await tracker.ScrapeAsync(hash)).Contains($"8:completei{seeders}e", StringComparison.Ordinal), Limits.Start, $"the tracker knows {seeders} seeders of {hash}");

    [Theory(Timeout = Limits.Test)]
    [InlineData(TorrentVersion.V2, "http")]
    [InlineData(TorrentVersion.V2, "udp")]
    [InlineData(TorrentVersion.Hybrid, "http")]
    [InlineData(TorrentVersion.Hybrid, "udp")]
    public async Task A_tracker_leads_us_to_libtorrent(TorrentVersion version, string scheme)
    {
        IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = await MakeAsync(version, OpentrackerServer.Announce(address, scheme));
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, Temp, HashesOf(torrent));
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, SourceFolder, trackers: true);
        foreach (string hash in HashesOf(torrent))
            await TrackedAsync(tracker, hash);
        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target) with { Sources = [PeerSource.Tracker] });
        s_payload.AssertIn(Target);
        Assert.Equal(1, result.PeersSeen);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(TorrentVersion.V2, "http")]
    [InlineData(TorrentVersion.V2, "udp")]
    [InlineData(TorrentVersion.Hybrid, "http")]
    [InlineData(TorrentVersion.Hybrid, "udp")]
    public async Task A_tracker_leads_libtorrent_to_us(TorrentVersion version, string scheme)
    {
        IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = await MakeAsync(version, OpentrackerServer.Announce(address, scheme));
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, Temp, HashesOf(torrent));
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, SourceFolder);
        foreach (string hash in HashesOf(torrent))
            await TrackedAsync(tracker, hash);
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, Target, trackers: true);
        await downloader.UntilCompleteAsync();
        s_payload.AssertIn(Target);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task The_DHT_leads_us_to_libtorrent(TorrentVersion version)
    {
        TestTorrent torrent = await MakeAsync(version), other = TestTorrent.Create(Payload.SingleFile("other.bin", 1000), Temp.Path);
        await using LibtorrentPeer entry = await LibtorrentPeer.StartAsync(other, Temp.Folder("entry"), dhtNodes: []);
        await using LibtorrentPeer second = await LibtorrentPeer.StartAsync(other, Temp.Folder("second"), dhtNodes: [entry.EndPoint]);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, SourceFolder, dhtNodes: [entry.EndPoint]);
        await using OwnPeer downloader = OwnPeer.Start(torrent, OwnPeer.Options(Target) with { Sources = [PeerSource.Dht] }, dhtNodes: [entry.EndPoint.ToString()]);
        TorrentDownload result = await downloader.UntilCompletedAsync();
        s_payload.AssertIn(Target);
        Assert.InRange(result.PeersSeen, 1, 2); // the seeder, and our own address until it is recognized
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task The_DHT_leads_libtorrent_to_us(TorrentVersion version)
    {
        TestTorrent torrent = await MakeAsync(version), other = TestTorrent.Create(Payload.SingleFile("other.bin", 1000), Temp.Path);
        await using LibtorrentPeer entry = await LibtorrentPeer.StartAsync(other, Temp.Folder("entry"), dhtNodes: []);
        DownloadOptions seeding = OwnPeer.Options(SourceFolder) with { Sources = [PeerSource.Dht], SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan, Timeout = null };
        await using OwnPeer seeder = OwnPeer.Start(torrent, seeding, dhtNodes: [entry.EndPoint.ToString()]);
        await seeder.UntilAsync(status => status.State == TorrentState.Seeding, "seeds");
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, Target, dhtNodes: [entry.EndPoint]);
        await downloader.UntilCompleteAsync();
        s_payload.AssertIn(Target);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task Encryption_is_required_in_both_directions(TorrentVersion version)
    {
        TestTorrent torrent = await MakeAsync(version);
        await using LibtorrentPeer theirs = await LibtorrentPeer.SeedAsync(torrent, SourceFolder, encrypted: true);
        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, theirs.EndPoint), EncryptionMode.Require);
        s_payload.AssertIn(Target);

        string second = Temp.Folder("second");
        await using OwnPeer ours = OwnPeer.Start(torrent, OwnPeer.Options(SourceFolder) with { SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan, Timeout = null }, EncryptionMode.Require);
        await ours.UntilAsync(status => status.State == TorrentState.Seeding, "seeds");
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync($"magnet:?xt=urn:btmh:1220{torrent.Info.InfoHashV2}", second, encrypted: true);
        downloader.Connect(ours.EndPoint);
        await downloader.UntilCompleteAsync();
        s_payload.AssertIn(second);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Peers_of_both_generations_are_one_swarm()
    {
        IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = await MakeAsync(TorrentVersion.Hybrid, OpentrackerServer.Announce(address));
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, Temp, HashesOf(torrent));
        string by = $"&tr={Uri.EscapeDataString(OpentrackerServer.Announce(address))}";
        string v1 = $"magnet:?xt=urn:btih:{torrent.Info.InfoHashV1}{by}", v2 = $"magnet:?xt=urn:btmh:1220{torrent.Info.InfoHashV2}{by}";
        // Slow enough for all to connect, and to exchange pieces.
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, SourceFolder, upLimit: 3 << 20, trackers: true);
        foreach (string hash in HashesOf(torrent))
            await TrackedAsync(tracker, hash);
        string[] folders = [.. Enumerable.Range(0, 6).Select(i => Temp.Folder($"peer-{i}"))];

        await using RtorrentPeer old = await RtorrentPeer.StartAsync(torrent, folders[0], Temp);
        await using LibtorrentPeer byV1 = await LibtorrentPeer.StartAsync(v1, folders[1]);
        await using LibtorrentPeer byV2 = await LibtorrentPeer.StartAsync(v2, folders[2]);
        await using OwnPeer ownV1 = OwnPeer.Start(v1, OwnPeer.Options(folders[3]) with { SeedTime = Timeout.InfiniteTimeSpan });
        await using OwnPeer ownV2 = OwnPeer.Start(v2, OwnPeer.Options(folders[4]) with { SeedTime = Timeout.InfiniteTimeSpan });
        await using OwnPeer own = OwnPeer.Start(torrent, OwnPeer.Options(folders[5]) with { SeedTime = Timeout.InfiniteTimeSpan });

        await Task.WhenAll(old.UntilCompleteAsync(), byV1.UntilCompleteAsync(), byV2.UntilCompleteAsync(),
            ownV1.UntilAsync(IsSeeding, "have all by v1"), ownV2.UntilAsync(IsSeeding, "have all by v2"), own.UntilAsync(IsSeeding, "have all"));

        Assert.All(folders, folder => s_payload.AssertIn(folder));

        static bool IsSeeding(TorrentDownload status) => status.State == TorrentState.Seeding;
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Data_of_an_old_client_reaches_one_that_knows_only_the_v2_hash()
    {
        IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = await MakeAsync(TorrentVersion.Hybrid, OpentrackerServer.Announce(address));
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, Temp, HashesOf(torrent));
        foreach (TorrentFile padding in torrent.Info.Torrent.Files.Where(file => file.IsPadding))
        {
            // To a client without padding (BEP 47), these are ordinary files.
            string path = Path.Combine(SourceFolder, padding.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, new byte[padding.Length], Token);
        }

        await using RtorrentPeer seeder = await RtorrentPeer.StartAsync(torrent, SourceFolder, Temp);
        await TrackedAsync(tracker, torrent.Info.InfoHashV1!);
        await using OwnPeer between = OwnPeer.Start(torrent, OwnPeer.Options(Temp.Folder("between")) with { SeedTime = Timeout.InfiniteTimeSpan });
        await using LibtorrentPeer last = await LibtorrentPeer.StartAsync($"magnet:?xt=urn:btmh:1220{torrent.Info.InfoHashV2}", Target);
        last.Connect(between.EndPoint);
        await last.UntilCompleteAsync();
        s_payload.AssertIn(Target);
        Assert.DoesNotContain(last.Current.Peers, peer => peer == seeder.EndPoint.ToString());
    }
}
