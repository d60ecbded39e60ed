using System.Text.Json;

namespace TorrentPS.Cli.Tests;

/// <summary>Whole runs, on loopback only.</summary>
public sealed class EndToEndTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("torrentps-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_demonstration_downloads_verifies_and_says_so()
    {
        (int code, string output, string error) = await RecordingTerminal.RunAsync("demo");
        Assert.Equal((0, ""), (code, error));
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string step in (string[])["Payload", "Tracker", "Torrent", "Seeders", "Peers", "Download", "Compare", "OK"])
            Assert.Single(lines, line => line.StartsWith(step + " ", StringComparison.Ordinal));
        Assert.Equal(3, lines.Count(line => line.Contains(" Succeeded in ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_interrupted_demonstration_ends_with_130()
    {
        using var terminal = new RecordingTerminal();
        using var interruption = new CancellationTokenSource();
        Task<int> demo = CommandTree.RunAsync(["demo"], terminal, interruption.Token);
        await interruption.CancelAsync();
        Assert.Equal(130, await demo);
        Assert.Equal("torrentps: Interrupted\n", terminal.ErrorText);
    }

    [Fact]
    public async Task A_created_torrent_is_seeded_to_a_download()
    {
        byte[] data = new byte[100_000];
        Random.Shared.NextBytes(data);
        string source = Directory.CreateDirectory(Path.Combine(_folder, "source")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(source, "data.bin"), data, TestContext.Current.CancellationToken);

        using var terminal = new RecordingTerminal();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await using var tracker = Engine.TrackerHosting.TrackerServer.Start(new(System.Net.IPAddress.Loopback, 0));
        string torrent = Path.Combine(_folder, "x.torrent");
        (int code, string output, string error) = await RecordingTerminal.RunAsync(
            "create", Path.Combine(source, "data.bin"), "-o", torrent, "--tracker", tracker.AnnounceUri.ToString(), "--piece-length", "16KiB", "--private", "--json");
        Assert.Equal((0, ""), (code, error));
        using (JsonDocument created = JsonDocument.Parse(output))
        {
            Assert.True(created.RootElement.GetProperty("IsPrivate").GetBoolean());
            Assert.Equal(torrent, created.RootElement.GetProperty("Path").GetString());
        }

        Task<int> seed = CommandTree.RunAsync(["seed", torrent, "--data", source, "--port", "0"], terminal, stop.Token);
        (code, output, error) = await RecordingTerminal.RunAsync(
            "download", torrent, "-o", Path.Combine(_folder, "copy"), "--port", "0", "--timeout", "30", "--stall-timeout", "25", "--json");
        Assert.Equal((0, ""), (code, error));
        JsonTests.AssertNames(output, "Name", "State", "Path");
        Assert.Equal(data, await File.ReadAllBytesAsync(Path.Combine(_folder, "copy", "data.bin"), TestContext.Current.CancellationToken));

        await stop.CancelAsync();
        Assert.Equal(130, await seed);
        Assert.Contains("of 'data.bin' in ", terminal.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_seed_without_its_data_ends_with_8()
    {
        string file = Path.Combine(_folder, "data.bin");
        await File.WriteAllBytesAsync(file, new byte[1000], TestContext.Current.CancellationToken);
        string torrent = Path.Combine(_folder, "x.torrent");
        Assert.Equal(0, (await RecordingTerminal.RunAsync("create", file, "-o", torrent)).Code);
        await File.WriteAllBytesAsync(file, new byte[999], TestContext.Current.CancellationToken);

        (int code, string output, string error) = await RecordingTerminal.RunAsync("seed", torrent, "--data", _folder, "--port", "0");
        Assert.Equal((8, ""), (code, output));
        Assert.StartsWith("torrentps: DataMismatch: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_seed_whose_data_changes_meanwhile_warns_and_ends_with_8()
    {
        byte[] data = new byte[100_000];
        Random.Shared.NextBytes(data);
        string file = Path.Combine(_folder, "data.bin"), torrent = Path.Combine(_folder, "x.torrent");
        await File.WriteAllBytesAsync(file, data, TestContext.Current.CancellationToken);
        await using var tracker = Engine.TrackerHosting.TrackerServer.Start(new(System.Net.IPAddress.Loopback, 0));
        Assert.Equal(0, (await RecordingTerminal.RunAsync("create", file, "-o", torrent, "--tracker", tracker.AnnounceUri.ToString(), "--piece-length", "128KiB", "--private")).Code);
        using RecordingTerminal terminal = new(), downloading = new();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task<int> seed = CommandTree.RunAsync(["seed", torrent, "--data", _folder, "--port", "0"], terminal, stop.Token);
        Assert.True(SpinWait.SpinUntil(() => tracker.Announces > 0, TimeSpan.FromMinutes(1)));
        DateTime written = File.GetLastWriteTimeUtc(file);
        using (FileStream stream = new(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
            stream.WriteByte((byte)~data[0]);
        File.SetLastWriteTimeUtc(file, written); // so that the ban of the other is what reveals it
        Task<int> download = CommandTree.RunAsync(["download", torrent, "-o", Path.Combine(_folder, "copy"), "--port", "0"], downloading, stop.Token);
        Assert.Equal(8, await seed);
        Assert.Contains($"torrentps: Warning: '{file}' was changed by another program", terminal.ErrorText, StringComparison.Ordinal);
        Assert.Contains($"torrentps: DataMismatch: Changed while it was seeded: '{file}'", terminal.ErrorText, StringComparison.Ordinal);
        await stop.CancelAsync();
        Assert.Equal(130, await download);
    }

    [Fact]
    public async Task An_unreachable_tracker_ends_with_4()
    {
        string file = Path.Combine(_folder, "data.bin");
        await File.WriteAllBytesAsync(file, new byte[1000], TestContext.Current.CancellationToken);
        string torrent = Path.Combine(_folder, "x.torrent");
        Assert.Equal(0, (await RecordingTerminal.RunAsync("create", file, "-o", torrent, "--tracker", "http://127.0.0.1:1/announce")).Code);

        (int code, string output, string error) = await RecordingTerminal.RunAsync("peers", torrent, "--timeout", "5", "--json");
        Assert.Equal((4, ""), (code, output));
        Assert.Contains("torrentps: TrackerUnreachable: ", error, StringComparison.Ordinal);
        Assert.Contains("torrentps: NoPeers: ", error, StringComparison.Ordinal);
    }
}
