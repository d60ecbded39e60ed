using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>From a magnet link to the file, with other clients as sources and receivers of the metadata.</summary>
public sealed class MagnetTests : InteropTest
{
    // 1,200 pieces of 16 KiB make two pieces of metadata.
    private static readonly Payload s_payload = Payload.Folder("resolved", [("one.bin", 9_000_000), ("deep/er/two.bin", 10_000_000), ("three", 660_000)]);

    private const int PieceLength = 16 << 10;

    [Fact(Timeout = Limits.Test)]
    public async Task Libtorrent_sends_the_metadata_as_a_peer_in_the_link()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload));
        await DownloadAsync(torrent, $"&x.pe={seeder.EndPoint}", PeerSource.Manual);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Libtorrent_sends_the_metadata_as_a_peer_of_the_tracker()
    {
        IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength, OpentrackerServer.Announce(address));
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, Temp, torrent.InfoHash);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), trackers: true);
        await TrackedAsync(tracker, torrent);
        await DownloadAsync(torrent, Tracker(address), PeerSource.Tracker);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Transmission_sends_the_metadata_as_a_peer_in_the_link()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using TransmissionPeer seeder = await TransmissionPeer.SeedAsync(torrent, Source(s_payload), Temp);
        await ResolveAsync(torrent, $"&x.pe={seeder.EndPoint}", PeerSource.Manual);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Transmission_sends_the_metadata_as_a_peer_of_the_tracker()
    {
        IPEndPoint address = OpentrackerServer.Reserve();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength, OpentrackerServer.Announce(address));
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, Temp, torrent.InfoHash);
        await using TransmissionPeer seeder = await TransmissionPeer.SeedAsync(torrent, Source(s_payload), Temp);
        await TrackedAsync(tracker, torrent);
        await ResolveAsync(torrent, Tracker(address), PeerSource.Tracker);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task We_give_it_to_libtorrent()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_payload));
        await using LibtorrentPeer leecher = await LibtorrentPeer.StartAsync(Magnet(torrent), Target);
        leecher.Connect(seeder.EndPoint);
        await leecher.UntilCompleteAsync();
        s_payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task We_give_it_to_aria2()
    {
        string aria2 = Installed.Require("aria2c", "aria2");
        IPEndPoint address = OpentrackerServer.Reserve(), own = Loopback.Next();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength, OpentrackerServer.Announce(address));
        await using OpentrackerServer tracker = await OpentrackerServer.StartAsync(address, Temp, torrent.InfoHash);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_payload));
        await TrackedAsync(tracker, torrent);
        await using ExternalProcess leecher = ExternalProcess.Start(aria2,
            ["--no-conf", $"--dir={Target}", "--seed-time=0", $"--listen-port={own.Port}", $"--interface={own.Address}", "--enable-dht=false", "--enable-dht6=false",
            "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--file-allocation=none", Magnet(torrent, Tracker(address))], Target);
        Assert.Equal(0, await leecher.WaitForExitAsync(Limits.Transfer));
        s_payload.AssertIn(Target);
    }

    private static string Tracker(IPEndPoint address) => $"&tr={Uri.EscapeDataString(OpentrackerServer.Announce(address))}";

    private static string Magnet(TestTorrent torrent, string more = "") => $"magnet:?xt=urn:btih:{torrent.InfoHash}{more}";

    private static Task TrackedAsync(OpentrackerServer tracker, TestTorrent torrent) => Until.TrueAsync(
        async () => (await tracker.ScrapeAsync(torrent.InfoHash)).Contains("8:completei1e", StringComparison.Ordinal), Limits.Start, "the tracker knows the seeder");

    /// <summary>Resolves a link with a single source of peers.</summary>
    private static async Task<TorrentInfo> ResolveAsync(TestTorrent torrent, string more, PeerSource source)
    {
        await using TorrentClient client = new(new TorrentClientOptions { Port = Loopback.FreePort() });
        TorrentInfo info = await client.ResolveAsync(MagnetLink.Parse(Magnet(torrent, more)), new ResolveOptions { Sources = [source], Timeout = Limits.Transfer }, null, Token);
        AssertSame(torrent, info);
        return info;
    }

    /// <summary>Downloads from a link with a single source of peers.</summary>
    private async Task DownloadAsync(TestTorrent torrent, string more, PeerSource source)
    {
        AssertSame(torrent, await ResolveAsync(torrent, more, source));
        await using TorrentClient client = new(new TorrentClientOptions { Port = Loopback.FreePort() });
        TorrentDownload result = await client.DownloadAsync(new TorrentInfo(MagnetLink.Parse(Magnet(torrent, more))), OwnPeer.Options(Target) with { Sources = [source] }, null, Token);
        Assert.True(result.State == TorrentState.Completed, $"{result} {result.ErrorId} {result.Error}");
        s_payload.AssertIn(Target);
    }

    private static void AssertSame(TestTorrent torrent, TorrentInfo info)
    {
        Assert.Equal(torrent.InfoHash, info.InfoHash);
        Assert.Equal(torrent.Info.Files, info.Files);
        Assert.True(torrent.Info.Torrent.InfoBytes.Span.SequenceEqual(info.Torrent.InfoBytes.Span));
    }
}
