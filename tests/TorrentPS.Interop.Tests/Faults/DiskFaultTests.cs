using System.Text.Json.Nodes;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests.Faults;

/// <summary>Mishaps of disks during a download: full, read-only, removed, changed, used twice.</summary>
public sealed class DiskFaultTests : FaultTest
{
    private static readonly Payload s_payload = Payload.Folder("disk", [("one.bin", 5_000_000), ("empty", 0), ("two.bin", 3_000_001)]);

    private async Task<(TestTorrent Torrent, OwnPeer Seeder)> SeedAsync()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        return (torrent, await OwnPeer.SeedAsync(torrent, Source(s_payload)));
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_disk_that_fills_up_keeps_verified_data_and_the_download_resumes_when_there_is_space()
    {
        (TestTorrent torrent, OwnPeer peer) = await SeedAsync();
        await using OwnPeer seeder = peer;
        using Tmpfs disk = Tmpfs.Mount(Target, "size=12m");
        string filler;
        await using (ExternalProcess process = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent, Target, seeder, "--download-limit", "1MB")))
        {
            await UntilRightAsync(process, torrent, Target, 1_000_000);
            filler = disk.FillUp();
            JsonNode result = AssertEnded(process, await process.WaitForExitAsync(Limits.Transfer), DiskError, "Failed", "DiskFull");
            Assert.InRange((long)result["BytesCompleted"]!, 1_000_000, RightBytes(torrent, Target));
        }

        // Still full: the same error at once, and no data is lost.
        long kept = RightBytes(torrent, Target);
        (int exitCode, ExternalProcess again) = await TorrentPSProcess.RunAsync(Temp.Path, Download(torrent, Target, seeder));
        AssertEnded(again, exitCode, DiskError, "Failed", "DiskFull");
        Assert.True(RightBytes(torrent, Target) >= kept);
        File.Delete(filler);
        await CompleteAsync(torrent, Target, seeder);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_disk_without_space_is_an_error_before_anything_is_downloaded()
    {
        (TestTorrent torrent, OwnPeer peer) = await SeedAsync();
        await using OwnPeer seeder = peer;
        using Tmpfs disk = Tmpfs.Mount(Target, "size=4m");
        (int exitCode, ExternalProcess process) = await TorrentPSProcess.RunAsync(Temp.Path, Download(torrent, Target, seeder));
        JsonNode result = AssertEnded(process, exitCode, DiskError, "Failed", "DiskFull");
        Assert.Equal((0, 0), ((long)result["Downloaded"]!, (long)result["BytesCompleted"]!));
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_destination_that_is_or_becomes_read_only_is_denied(bool fromTheBeginning)
    {
        (TestTorrent torrent, OwnPeer peer) = await SeedAsync();
        await using OwnPeer seeder = peer;
        using Tmpfs disk = Tmpfs.Mount(Target, fromTheBeginning ? "size=12m,ro" : "size=12m");
        await using (ExternalProcess process = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent, Target, seeder, "--download-limit", "1MB", "--timeout", "5")))
        {
            JsonNode result;
            if (fromTheBeginning)
            {
                result = AssertEnded(process, await process.WaitForExitAsync(Limits.Transfer), DiskError, "Failed", "AccessDenied");
                Assert.Equal(0, (long)result["Downloaded"]!);
            }
            else
            {
                // A file system with files open for writing cannot become read-only; between two runs it can.
                AssertEnded(process, await process.WaitForExitAsync(Limits.Transfer), TimedOut, "TimedOut", "DownloadTimedOut");
                disk.Remount("ro");
                (int exitCode, ExternalProcess again) = await TorrentPSProcess.RunAsync(Temp.Path, Download(torrent, Target, seeder));
                AssertEnded(again, exitCode, DiskError, "Failed", "AccessDenied");
            }
        }

        disk.Remount("rw");
        await CompleteAsync(torrent, Target, seeder);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData("remove")]
    [InlineData("rename")]
    [InlineData("unmount")]
    public async Task A_destination_that_vanishes_is_an_error_and_never_created_again(string how)
    {
        (TestTorrent torrent, OwnPeer peer) = await SeedAsync();
        await using OwnPeer seeder = peer;
        string place = Temp.Folder("place"), folder = Path.Combine(place, "target");
        Directory.CreateDirectory(folder);
        using Tmpfs? disk = how == "unmount" ? Tmpfs.Mount(place, "size=20m") : null;
        await using ExternalProcess process = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent, folder, seeder, "--download-limit", "700KB"));
        await UntilRightAsync(process, torrent, folder, 500_000);

        string elsewhere = Path.Combine(Temp.Path, "elsewhere");
        if (how == "rename")
            Directory.Move(folder, elsewhere);
        else if (how == "remove")
            RemoveWhile(folder);
        else
        {
            disk!.Dispose();
            Directory.Delete(folder); // the mount point
        }

        JsonNode result = AssertEnded(process, await process.WaitForExitAsync(Limits.Transfer), DiskError, "Failed", "AccessDenied");
        Assert.Contains("is gone", (string?)result["Error"], StringComparison.Ordinal);
        Assert.Equal(0, (long)result["BytesCompleted"]!);
        Assert.False(Directory.Exists(folder), "The destination was made anew.");
        if (how != "rename")
            return;
        Directory.Move(elsewhere, folder);
        await CompleteAsync(torrent, folder, seeder);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_file_removed_meanwhile_is_reported_and_downloaded_again()
    {
        (TestTorrent torrent, OwnPeer peer) = await SeedAsync();
        await using OwnPeer seeder = peer;
        await using (ExternalProcess process = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent, Target, seeder, "--download-limit", "1MB")))
        {
            await UntilRightAsync(process, torrent, Target, 1_000_000);
            File.Delete(Path.Combine(Target, s_payload.Files[0].Path));
            JsonNode result = AssertEnded(process, await process.WaitForExitAsync(Limits.Transfer), Mismatch, "Failed", "DataMismatch");
            Assert.InRange((long)result["BytesCompleted"]!, 0, RightBytes(torrent, Target));
        }

        await CompleteAsync(torrent, Target, seeder);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_file_changed_between_two_runs_only_the_changed_pieces_are_downloaded(bool isKilled)
    {
        (TestTorrent torrent, OwnPeer peer) = await SeedAsync();
        await using OwnPeer seeder = peer;
        await using (ExternalProcess process = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent, Target, seeder, "--download-limit", "1MB")))
        {
            await UntilRightAsync(process, torrent, Target, 2_000_000);
            if (isKilled)
                process.Kill();
            else
                process.Interrupt();
            await process.WaitForExitAsync(Limits.Transfer);
        }

        int changed = Array.IndexOf(torrent.VerifyIn(Target), true, 0);
        long offset = (long)changed * PieceLength;
        string file = Path.Combine(Target, s_payload.Files[offset < s_payload.Files[0].Length ? 0 : 2].Path);
        using (FileStream stream = File.OpenWrite(file))
        {
            stream.Position = offset % s_payload.Files[0].Length;
            stream.WriteByte((byte)~s_payload.Bytes(0)[0]);
            stream.Write("changed by someone else"u8);
        }

        Assert.False(torrent.VerifyIn(Target)[changed]);
        await CompleteAsync(torrent, Target, seeder);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_second_process_is_refused_and_the_first_continues()
    {
        (TestTorrent torrent, OwnPeer peer) = await SeedAsync();
        await using OwnPeer seeder = peer;
        await using ExternalProcess first = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent, Target, seeder, "--download-limit", "700KB"));
        await UntilRightAsync(first, torrent, Target, 1);
        (int exitCode, ExternalProcess second) = await TorrentPSProcess.RunAsync(Temp.Path, Download(torrent, Target, seeder));
        AssertEnded(second, exitCode, DiskError, "Failed", "DataInUse");
        AssertEnded(first, await first.WaitForExitAsync(Limits.Transfer), 0, "Completed", null);
        s_payload.AssertIn(Target);
    }

    /// <summary>Removes a folder while it is written to.</summary>
    private static void RemoveWhile(string folder)
    {
        for (int i = 0; Directory.Exists(folder) && i < 100; i++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException)
            {
                // A file was created meanwhile.
            }
        }
    }
}
