using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Version 2 and hybrid torrents (BEP 52) exchanged with libtorrent.</summary>
public sealed class Version2Tests : InteropTest
{
    private static readonly Payload s_folder = Payload.Folder("two", [("a/deep", 100), ("b.bin", 9_000_000), ("empty", 0), ("exact", 65536), ("sub/z", 1_300_001)]);

    public static TheoryData<TorrentVersion, string> Cases { get; } = new()
    {
        { TorrentVersion.V2, "folder" },
        { TorrentVersion.V2, "file" },
        { TorrentVersion.V2, "300 files" },
        { TorrentVersion.Hybrid, "folder" },
        { TorrentVersion.Hybrid, "file" },
        { TorrentVersion.Hybrid, "300 files" },
    };

    [Theory(Timeout = Limits.Test)]
    [MemberData(nameof(Cases))]
    public async Task Every_byte_arrives_from_libtorrent(TorrentVersion version, string shape)
    {
        TestTorrent torrent = await MakeAsync(version, shape);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Temp.Folder("source"));
        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));
        torrent.Payload.AssertIn(Target);
        Assert.Equal(torrent.Payload.Length, result.Downloaded - result.Wasted); // padding is not requested
    }

    [Theory(Timeout = Limits.Test)]
    [MemberData(nameof(Cases))]
    public async Task Libtorrent_gets_every_byte(TorrentVersion version, string shape)
    {
        TestTorrent torrent = await MakeAsync(version, shape);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Temp.Folder("source"));
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, Target);
        downloader.Connect(seeder.EndPoint);
        await downloader.UntilCompleteAsync();
        torrent.Payload.AssertIn(Target);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(TorrentVersion.V2, "btmh")]
    [InlineData(TorrentVersion.Hybrid, "both")]
    [InlineData(TorrentVersion.Hybrid, "btmh")]
    [InlineData(TorrentVersion.Hybrid, "btih")]
    public async Task A_magnet_link_is_resolved_by_libtorrent(TorrentVersion version, string topics)
    {
        TestTorrent torrent = await MakeAsync(version, "folder");
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Temp.Folder("source"));
        await using TorrentClient client = new(new TorrentClientOptions { Port = Loopback.FreePort() });
        TorrentDownload result = await client.DownloadAsync(
            new TorrentInfo(MagnetLink.Parse($"{Magnet(torrent, topics)}&x.pe={seeder.EndPoint}")), OwnPeer.Options(Target, seeder.EndPoint) with { Sources = [PeerSource.Manual] }, null, Token);
        Assert.True(result.State == TorrentState.Completed, $"{result} {result.ErrorId} {result.Error}");
        s_folder.AssertIn(Target);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(TorrentVersion.V2, "btmh")]
    [InlineData(TorrentVersion.Hybrid, "both")]
    [InlineData(TorrentVersion.Hybrid, "btmh")]
    [InlineData(TorrentVersion.Hybrid, "btih")]
    public async Task A_magnet_link_is_saved_with_the_piece_layers_that_libtorrent_has(TorrentVersion version, string topics)
    {
        TestTorrent torrent = await MakeAsync(version, "folder");
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Temp.Folder("source"));
        List<string> warnings = [];
        await using TorrentClient client = new(new TorrentClientOptions { Port = Loopback.FreePort() });
        ResolveOptions options = new() { Sources = [PeerSource.Manual], Peers = [seeder.EndPoint], Timeout = Limits.Transfer, OnWarning = warnings.Add };
        TorrentInfo resolved = await client.ResolveAsync(MagnetLink.Parse(Magnet(torrent, topics)), options, null, Token);
        Assert.Empty(warnings);
        Assert.Equal(torrent.Info.Torrent.PieceLayers, resolved.Torrent.PieceLayers);

        // The saved torrent is one that libtorrent reads, verifies its data with, and seeds.
        TorrentInfo saved = await resolved.SaveAsync(Temp.File("saved.torrent"), cancellationToken: Token);
        TestTorrent read = TestTorrent.Read(torrent.Payload, saved.Path!);
        Assert.Equal((torrent.Info.InfoHashV1, torrent.Info.InfoHashV2), (read.Info.InfoHashV1, read.Info.InfoHashV2));
        await using LibtorrentPeer second = await LibtorrentPeer.SeedAsync(read, Temp.Folder("source"));
        Assert.Equal((read.Info.InfoHashV1, read.Info.InfoHashV2), await LibtorrentHashesAsync(saved.Path!));
    }

    /// <summary>The info hashes that libtorrent computes for a file.</summary>
    private static async Task<(string? V1, string? V2)> LibtorrentHashesAsync(string path)
    {
        const string Script = "import libtorrent, sys; h = libtorrent.torrent_info(sys.argv[1]).info_hashes(); print(h.v1 if h.has_v1() else '', h.v2)";
        await using ExternalProcess process = ExternalProcess.Start(LibtorrentPeer.Python, ["-W", "ignore", "-c", Script, path], Path.GetTempPath());
        Assert.Equal(0, await process.WaitForExitAsync(Limits.Start));
        string[] hashes = process.Output.Trim().Split(' ');
        return (hashes.Length < 2 || hashes[0].Length == 0 ? null : hashes[0], hashes[^1]);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(TorrentVersion.V2, "btmh")]
    [InlineData(TorrentVersion.Hybrid, "both")]
    [InlineData(TorrentVersion.Hybrid, "btmh")]
    [InlineData(TorrentVersion.Hybrid, "btih")]
    public async Task Libtorrent_gets_a_magnet_link_from_us(TorrentVersion version, string topics)
    {
        TestTorrent torrent = await MakeAsync(version, "folder");
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Temp.Folder("source"));
        await using LibtorrentPeer leecher = await LibtorrentPeer.StartAsync(Magnet(torrent, topics), Target);
        leecher.Connect(seeder.EndPoint);
        await leecher.UntilCompleteAsync();
        s_folder.AssertIn(Target);
    }

    private static string Magnet(TestTorrent torrent, string topics)
    {
        string v1 = $"xt=urn:btih:{torrent.Info.InfoHashV1}", v2 = $"xt=urn:btmh:1220{torrent.Info.InfoHashV2}";
        return "magnet:?" + topics switch { "btih" => v1, "btmh" => v2, _ => $"{v1}&{v2}" };
    }

    private async Task<TestTorrent> MakeAsync(TorrentVersion version, string shape)
    {
        Payload payload = shape switch { "folder" => s_folder, "file" => Payload.SingleFile("one.bin", 3_000_001), _ => Payload.ManyFiles() };
        string source = payload.WriteTo(Temp.Folder("source"));
        return await TestTorrent.MakeAsync(payload, source, Temp.Path, new TorrentCreatorOptions { PieceLength = shape == "folder" ? 16 << 10 : 64 << 10, Version = version });
    }
}
