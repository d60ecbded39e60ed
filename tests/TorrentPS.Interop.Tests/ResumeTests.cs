using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Complete data is not downloaded again, however the last run ended.</summary>
public sealed class ResumeTests : InteropTest
{
    private const int PieceLength = 64 << 10;

    private static readonly Payload s_payload = Payload.Folder("resume", [("one.bin", 5_000_000), ("empty", 0), ("two.bin", 3_000_001)]);

    [Fact(Timeout = Limits.Test)]
    public async Task A_stopped_download_resumes()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), upLimit: 2 << 20);
        TorrentDownload first;
        await using (OwnPeer peer = OwnPeer.Start(torrent, OwnPeer.Options(Target, seeder.EndPoint)))
        {
            await peer.UntilAsync(status => status.BytesCompleted >= s_payload.Length / 2, "half is there");
            first = await peer.StopAsync();
        }

        Assert.Equal(TorrentState.Stopped, first.State);
        Assert.InRange(first.BytesCompleted, s_payload.Length / 2, s_payload.Length - 1);
        seeder.LimitUpload(0);
        TorrentDownload second = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        s_payload.AssertIn(Target);
        Assert.True(second.Downloaded <= s_payload.Length - first.BytesCompleted, $"{second.Downloaded} bytes came after {first.BytesCompleted} of {s_payload.Length}.");
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_completed_download_needs_no_peer_the_second_time()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using (LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload)))
            await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        TorrentDownload again = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target));

        Assert.Equal(0, again.Downloaded);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_damaged_file_is_found_and_repaired_by_a_recheck()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload));
        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));
        string file = Path.Combine(Target, s_payload.Files[0].Path);
        byte[] bytes = await File.ReadAllBytesAsync(file, Token);
        bytes[1_000_000] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Token);

        TorrentDownload repaired = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint) with { Recheck = true });

        s_payload.AssertIn(Target);
        Assert.Equal(PieceLength, repaired.Downloaded);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_killed_process_loses_only_pieces_in_flight()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), upLimit: 2 << 20);
        string[] arguments = ["download", torrent.Path, "--output", Target, "--peer", seeder.EndPoint.ToString(), "--port", $"{Loopback.FreePort()}", "--no-dht", "--no-pex", "--no-lsd", "--json", "--quiet"];
        await using (ExternalProcess process = await TorrentPSProcess.StartAsync(Temp.Path, arguments))
        {
            await process.UntilAsync(() => seeder.Current.Uploaded >= s_payload.Length / 2, Limits.Transfer, "half was sent");
            process.Kill();
            await process.WaitForExitAsync(Limits.Start);
        }

        int before = torrent.VerifyIn(Target).Count(right => right);
        Assert.InRange(before, torrent.PieceCount / 4, torrent.PieceCount - 1);
        seeder.LimitUpload(0);
        (int exitCode, ExternalProcess second) = await TorrentPSProcess.RunAsync(Temp.Path, arguments);

        Assert.True(exitCode == 0, second.Report);
        s_payload.AssertIn(Target);
        long downloaded = (long)TorrentPSProcess.Json(second)[^1]["Downloaded"]!;
        long missing = s_payload.Length - (long)before * PieceLength;
        Assert.True(downloaded <= missing + 8 * PieceLength, $"{downloaded} bytes came where {missing} were missing.");
    }
}
