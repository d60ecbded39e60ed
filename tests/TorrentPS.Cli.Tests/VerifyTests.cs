using System.Text.Json;

namespace TorrentPS.Cli.Tests;

public sealed class VerifyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("torrentps-cli-").FullName;

    private string Torrent => Path.Combine(_folder, "set.torrent");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Complete_data_ends_with_0()
    {
        await MakeAsync();
        (int code, string output, string error) = await RecordingTerminal.RunAsync("verify", Torrent, "--data", _folder);
        Assert.Equal((0, "set: complete, 68.4 KiB in 2 files\n", ""), (code, output, error));

        (code, output, error) = await RecordingTerminal.RunAsync("verify", Torrent, "--data", _folder, "--json");
        Assert.Equal((0, ""), (code, error));
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        JsonTests.AssertNames(lines[0], "Path", "FullName", "Length", "LengthOnDisk", "Status", "BytesComplete", "BytesBad", "BytesMissing", "BytesUnverified",
            "PieceCount", "PiecesBad", "PercentComplete", "Index", "TorrentName", "InfoHash", "Error", "ErrorId");
        Assert.Equal("Complete", JsonDocument.Parse(lines[0]).RootElement.GetProperty("Status").GetString());
    }

    [Fact]
    public async Task Damaged_data_ends_with_8_and_the_names_of_the_wrong_files()
    {
        await MakeAsync();
        await File.WriteAllBytesAsync(Path.Combine(_folder, "set", "a"), new byte[50_000], TestContext.Current.CancellationToken);
        (int code, string output, string error) = await RecordingTerminal.RunAsync("verify", Torrent, "--data", _folder);
        Assert.Equal(8, code);
        Assert.StartsWith("damaged    set/a (48.8 KiB bad in 4 pieces)\n", output, StringComparison.Ordinal);
        Assert.StartsWith("torrentps: DataMismatch: 2 of 2 files of 'set' do not match the torrent", error, StringComparison.Ordinal);

        (code, output, _) = await RecordingTerminal.RunAsync("verify", Torrent, "--data", _folder, "--json");
        Assert.Equal(8, code);
        JsonElement report = JsonDocument.Parse(output.Split('\n')[0]).RootElement;
        Assert.Equal(("Damaged", 50_000), (report.GetProperty("Status").GetString(), report.GetProperty("BytesBad").GetInt32()));
    }

    [Fact]
    public async Task Missing_data_ends_with_8()
    {
        await MakeAsync();
        (int code, string output, string error) = await RecordingTerminal.RunAsync("verify", Torrent, "--data", Path.Combine(_folder, "none"), "--exclude", "b");
        Assert.Equal((8, "missing    set/a\n"), (code, output));
        Assert.Contains("DataMismatch: The folder '", error, StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder, "set", "b"));
        (code, output, _) = await RecordingTerminal.RunAsync("verify", Torrent, "--data", _folder);
        Assert.Equal((8, "unverified set/a (848 B in pieces that cannot be checked)\nmissing    set/b\n"), (code, output));
    }

    [Fact]
    public async Task Without_a_folder_the_command_line_is_wrong() =>
        Assert.Equal(2, (await RecordingTerminal.RunAsync("verify", "x.torrent")).Code);

    private async Task MakeAsync()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "set"));
        byte[] bytes = new byte[70_000];
        new Random(1).NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "set", "a"), bytes[..50_000], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "set", "b"), bytes[50_000..], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "set", "c.tmp"), "no", TestContext.Current.CancellationToken);
        (int code, string _, string error) = await RecordingTerminal.RunAsync(
            "create", Path.Combine(_folder, "set", "a"), Path.Combine(_folder, "set", "b"), "-o", _folder, "--piece-length", "16KiB", "--source", "s");
        Assert.Equal((0, ""), (code, error));
    }
}
