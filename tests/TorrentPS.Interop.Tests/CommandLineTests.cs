using System.Net;
using System.Text.Json.Nodes;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>The tool from start to exit code, as used by scripts.</summary>
public sealed class CommandLineTests : InteropTest
{
    private const int NothingReached = 4;
    private const int Interrupted = 130;

    private static readonly Payload s_payload = Payload.Folder("tool", [("a/one.bin", 2_500_000), ("a/empty", 0), ("ü two.bin", 1_500_001)]);

    [Theory(Timeout = Limits.Test)]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task A_download_through_a_tracker_ends_with_0_and_one_object(string scheme)
    {
        (OpentrackerServer Server, TestTorrent Torrent) tracked = await TrackAsync(scheme);
        await using OpentrackerServer tracker = tracked.Server;
        TestTorrent torrent = tracked.Torrent;
        await using LibtorrentPeer seeder = await SeedAsync(tracker, torrent);

        (int exitCode, ExternalProcess process) = await TorrentPSProcess.RunAsync(Temp.Path, Download(torrent.Path, "--json"));

        Assert.True(exitCode == 0, process.Report);
        s_payload.AssertIn(Target);
        JsonNode result = Assert.Single(TorrentPSProcess.Json(process));
        Assert.Equal("Completed", (string?)result["State"]);
        Assert.Equal(torrent.InfoHash, (string?)result["InfoHash"]);
        Assert.Equal(s_payload.Length, (long)result["BytesCompleted"]!);
        Assert.Equal(100, (double)result["PercentComplete"]!);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task Peers_and_handshake_find_and_name_the_seeder(string scheme)
    {
        (OpentrackerServer Server, TestTorrent Torrent) tracked = await TrackAsync(scheme);
        await using OpentrackerServer tracker = tracked.Server;
        TestTorrent torrent = tracked.Torrent;
        await using LibtorrentPeer seeder = await SeedAsync(tracker, torrent);

        (int exitCode, ExternalProcess peers) = await TorrentPSProcess.RunAsync(Temp.Path, "peers", torrent.Path, "--json", "--timeout", "5");
        Assert.True(exitCode == 0, peers.Report);
        Assert.Equal(seeder.EndPoint.ToString(), (string?)Assert.Single(TorrentPSProcess.Json(peers))["EndPoint"]);

        (exitCode, ExternalProcess handshake) = await TorrentPSProcess.RunAsync(Temp.Path, "handshake", "--peer", seeder.EndPoint.ToString(), "--info-hash", torrent.InfoHash, "--json");
        Assert.True(exitCode == 0, handshake.Report);
        JsonNode result = Assert.Single(TorrentPSProcess.Json(handshake));
        Assert.Equal("Succeeded", (string?)result["Status"]);
        Assert.Contains("libtorrent", (string?)result["Client"], StringComparison.OrdinalIgnoreCase);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_dead_tracker_ends_the_search_for_peers_with_4()
    {
        TestTorrent torrent = TestTorrent.CreatePrivate(s_payload, Temp.Path, $"http://{Loopback.Next()}/announce");

        (int exitCode, ExternalProcess process) = await TorrentPSProcess.RunAsync(Temp.Path, "peers", torrent.Path, "--json", "--timeout", "5");

        Assert.True(exitCode == NothingReached, process.Report);
        Assert.Empty(process.Output);
        Assert.NotEmpty(process.Errors);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_dead_tracker_ends_a_download_with_4()
    {
        TestTorrent torrent = TestTorrent.CreatePrivate(s_payload, Temp.Path, $"http://{Loopback.Next()}/announce");

        (int exitCode, ExternalProcess process) = await TorrentPSProcess.RunAsync(Temp.Path, Download(torrent.Path, "--json"));

        Assert.True(exitCode == NothingReached, process.Report);
        Assert.Equal("Failed", (string?)Assert.Single(TorrentPSProcess.Json(process))["State"]);
        Assert.NotEmpty(process.Errors);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Interrupted_it_announces_the_stop_keeps_its_data_and_ends_with_130()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Ctrl+C cannot be sent to another process on Windows.");
        await using NodeTracker tracker = await NodeTracker.StartAsync();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10, tracker.Uri.ToString());
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), upLimit: 500_000, trackers: true);
        await tracker.UntilAsync(announces => announces.Any(announce => announce.Event == "start"), "knows the seeder");
        await using ExternalProcess process = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent.Path, "--json"));
        await process.UntilAsync(() => seeder.Current.Uploaded > 1_000_000, Limits.Transfer, "a quarter was sent");

        process.Interrupt();
        int exitCode = await process.WaitForExitAsync(Limits.Transfer);

        Assert.True(exitCode == Interrupted, process.Report);
        await tracker.UntilAsync(announces => announces.Any(announce => announce.Event == "stop"), "was told of the stop");
        Assert.Contains(torrent.VerifyIn(Target), right => right);
        seeder.LimitUpload(0);
        (exitCode, ExternalProcess again) = await TorrentPSProcess.RunAsync(Temp.Path, Download(torrent.Path, "--json"));
        Assert.True(exitCode == 0, again.Report);
        s_payload.AssertIn(Target);
        Assert.True((long)TorrentPSProcess.Json(again)[^1]["Downloaded"]! < s_payload.Length, "All was downloaded again.");
    }

    private string[] Download(string torrent, params string[] more) =>
        ["download", torrent, "--output", Target, "--port", $"{Loopback.FreePort()}", "--no-dht", "--no-pex", "--no-lsd", "--timeout", "60", .. more];

    private async Task<(OpentrackerServer Server, TestTorrent Torrent)> TrackAsync(string scheme)
    {
        IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = TestTorrent.CreatePrivate(s_payload, Temp.Path, OpentrackerServer.Announce(address, scheme));
        return (await OpentrackerServer.StartAsync(address, Temp, torrent.InfoHash), torrent);
    }

    private async Task<LibtorrentPeer> SeedAsync(OpentrackerServer tracker, TestTorrent torrent)
    {
        LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), trackers: true);
        await Until.TrueAsync(async () => (await tracker.ScrapeAsync(torrent.InfoHash)).StartsWith("8:completei1e", StringComparison.Ordinal), Limits.Start, "opentracker knows the seeder");
        return seeder;
    }
}
