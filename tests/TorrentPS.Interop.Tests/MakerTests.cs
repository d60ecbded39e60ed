using TorrentPS.Engine.Metainfo;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Torrents created by other programs.</summary>
public sealed class MakerTests : InteropTest
{
    private static readonly Payload s_payload = Payload.Folder("made by others", [("a.bin", 100_000), ("ü/b.bin", 70_001), ("ü/empty", 0), ("c", 1)]);

    [Fact(Timeout = Limits.Test)]
    public async Task A_torrent_of_mktorrent_is_read_and_downloaded()
    {
        string program = Installed.Require("mktorrent", "mktorrent");
        string source = Source(s_payload), path = Temp.File("made.torrent");
        string[] trackers = ["http://127.0.0.1:1/announce", "http://127.0.0.1:2/announce"];
        await using ExternalProcess maker = ExternalProcess.Start(program,
            ["-l", "15", "-a", trackers[0], "-a", trackers[1], "-c", "a remark", "-o", path, Path.Combine(source, s_payload.Name)], Temp.Path);
        Assert.True(await maker.WaitForExitAsync(Limits.Start) == 0, maker.Report);

        TestTorrent torrent = TestTorrent.Read(s_payload, path);

        Assert.Equal(s_payload.Name, torrent.Info.Name);
        Assert.Equal(TorrentVersion.V1, torrent.Info.Version);
        Assert.Equal(32 << 10, torrent.Info.PieceLength);
        Assert.Equal("a remark", torrent.Info.Comment);
        Assert.StartsWith("mktorrent", torrent.Info.CreatedBy, StringComparison.Ordinal);
        Assert.Equal(trackers.Order(), torrent.Info.Trackers.SelectMany(tier => tier).Select(uri => uri.ToString()).Order());
        Assert.Equal(s_payload.Files.Select(file => (file.Path, (long)file.Length)).Order(), torrent.Info.Files.Select(file => (file.Path, file.Length)).Order());
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, source);
        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint) with { Sources = [PeerSource.Manual] });
        s_payload.AssertIn(Target);
    }
}
