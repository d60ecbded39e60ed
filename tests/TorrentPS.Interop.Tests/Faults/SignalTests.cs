using System.Text.Json.Nodes;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests.Faults;

/// <summary>Signals, and standard streams that are closed or broken.</summary>
public sealed class SignalTests : FaultTest
{
    private static readonly Payload s_payload = Payload.SingleFile("signals.bin", 6_000_000);

    public SignalTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals cannot be sent to another process on Windows.");

    [Theory(Timeout = Limits.Test)]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task A_signal_stops_the_work_cleanly(string signal)
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_payload));
        await using (ExternalProcess process = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent, Target, seeder, "--download-limit", "1MB")))
        {
            await UntilRightAsync(process, torrent, Target, 1_000_000);
            process.Signal(signal);
            JsonNode result = AssertEnded(process, await process.WaitForExitAsync(Limits.Transfer), Interrupted, "Stopped", "DownloadStopped");
            Assert.Equal(RightBytes(torrent, Target), (long)result["BytesCompleted"]!);
        }

        Assert.True(File.Exists(Path.Combine(Target, ".torrentps", $"{torrent.InfoHash}.resume")));
        await CompleteAsync(torrent, Target, seeder);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_second_signal_ends_the_process_at_once()
    {
        // A tracker that accepts connections and never answers delays the stop.
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength, $"http://{silent.LocalEndpoint}/announce");
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_payload));
        await using ExternalProcess process = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent, Target, seeder, "--download-limit", "1MB"));
        await UntilRightAsync(process, torrent, Target, 1_000_000);
        process.Signal("INT");
        process.Signal("INT");
        Assert.Equal(Interrupted, await process.WaitForExitAsync(Limits.Transfer));
        await CompleteAsync(torrent, Target, seeder);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Started_with_nohup_it_outlives_its_terminal()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_payload));
        await using ExternalProcess process = ExternalProcess.Start("/bin/sh", ["-c", $"trap '' HUP; exec {NetworkNamespace.Quote([.. TorrentPSProcess.Command, .. Download(torrent, Target, seeder, "--download-limit", "2MB")])}"], Temp.Path);
        await UntilRightAsync(process, torrent, Target, 500_000);
        process.Signal("HUP");
        AssertEnded(process, await process.WaitForExitAsync(Limits.Transfer), 0, "Completed", null);
        s_payload.AssertIn(Target);
    }

    /// <summary>A caller that cannot read misses the messages, but the work is done all the same, and the exit code shows the result.</summary>
    [Theory(Timeout = Limits.Test)]
    [InlineData(">&-", 0)]
    [InlineData("2>&-", 0)]
    [InlineData("<&- >&- 2>&-", 0)]
    [InlineData("| head -c 1 > /dev/null", 0)]
    [InlineData("2> /dev/full", 0)]
    [InlineData("> /dev/full", UnexpectedError)]
    public async Task Streams_that_are_closed_or_full_do_no_harm(string streams, int expected)
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_payload));
        Assert.Equal(expected, await ShellAsync($"{Quoted(Download(torrent, Target, seeder))} {streams}"));
        s_payload.AssertIn(Target);
        Assert.Single(Directory.GetFileSystemEntries(Target));
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(">&-")]
    [InlineData("2>&-")]
    [InlineData("<&- >&- 2>&-")]
    [InlineData("2> /dev/full")]
    public async Task An_error_that_cannot_be_printed_is_still_in_the_exit_code(string streams) =>
        Assert.Equal(3, await ShellAsync($"{Quoted("download", Temp.File("missing.torrent"))} {streams}"));

    /// <summary>As in a schedule whose folder was removed.</summary>
    [Theory(Timeout = Limits.Test)]
    [InlineData("download", 7)]
    [InlineData("download --json", 7)]
    [InlineData("seed --json", 7)]
    public async Task A_missing_working_folder_is_reported(string command, int expected)
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        string gone = Temp.Folder("gone"), output = Temp.File("output");
        Assert.Equal(expected, await ShellAsync($"cd {NetworkNamespace.Quote(gone)} && rmdir {NetworkNamespace.Quote(gone)} && {Quoted([.. command.Split(' '), torrent.Path])} > {NetworkNamespace.Quote(output)} 2>&1"));
        string told = await File.ReadAllTextAsync(output, Token);
        Assert.Contains("AccessDenied: The folder that this was started in does not exist any more", told, StringComparison.Ordinal);
        Assert.Equal(command.EndsWith("--json", StringComparison.Ordinal), told.Contains("\"ErrorId\":\"AccessDenied\"", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Bad_sources_do_not_hide_good_ones()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        string broken = Temp.File("broken.torrent");
        await File.WriteAllTextAsync(broken, "d4:infod", Token);
        (int exitCode, ExternalProcess process) = await TorrentPSProcess.RunAsync(Temp.Path, "info", torrent.Path, broken, Temp.File("missing.torrent"), torrent.Path, "--json");
        Assert.Equal(3, exitCode);
        Assert.Equal([torrent.InfoHash, torrent.InfoHash], TorrentPSProcess.Json(process).Select(line => (string?)line["InfoHash"]));
        Assert.Contains("InvalidBencode: ", process.Errors, StringComparison.Ordinal);
        Assert.Contains("TorrentNotFound: ", process.Errors, StringComparison.Ordinal);
    }

    private static string Quoted(params string[] arguments) => NetworkNamespace.Quote([.. TorrentPSProcess.Command, .. arguments]);

    /// <summary>Runs a line in bash, and returns the exit code of its first command.</summary>
    private async Task<int> ShellAsync(string line)
    {
        await using ExternalProcess shell = ExternalProcess.Start(Installed.Require("bash", "bash"), ["-c", $"{line}\nexit ${{PIPESTATUS[0]}}"], Temp.Path);
        return await shell.WaitForExitAsync(Limits.Transfer);
    }
}
