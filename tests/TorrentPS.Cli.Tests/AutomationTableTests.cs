using System.Globalization;
using System.Text.Json;
using TorrentPS.Cli.Output;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli.Tests;

/// <summary>The table in docs/automation.md describes the tool: the State, the exit code, the line and the message of each error.</summary>
public sealed class AutomationTableTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("torrentps-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string[][] Table { get; } = ReadTable();

    public static TheoryData<string, string, int> Rows
    {
        get
        {
            TheoryData<string, string, int> rows = [];
            foreach (string[] row in Table)
                rows.Add(row[0], row[1], int.Parse(row[3], CultureInfo.InvariantCulture));
            return rows;
        }
    }

    [Fact]
    public void Every_error_has_one_row() =>
        Assert.Equal(Enum.GetNames<TorrentErrorId>().Append("none").Order(StringComparer.Ordinal), Table.Select(row => row[0]).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Rows))]
    public void State_exit_code_line_and_message_agree(string name, string state, int exitCode)
    {
        TorrentErrorId? errorId = name == "none" ? null : Enum.Parse<TorrentErrorId>(name);
        TorrentDownload download = Samples.Download with { State = Enum.Parse<TorrentState>(state), ErrorId = errorId, Error = errorId is null ? null : "Why." };
        using var terminal = new RecordingTerminal();
        Assert.Equal((ExitCode)exitCode, DownloadReport.End(terminal, download, seeds: false, TestContext.Current.CancellationToken));
        Assert.Equal((ExitCode)exitCode, ExitCodes.Of(download));
        if (errorId is { } id)
            Assert.Equal((ExitCode)exitCode, ExitCodes.Of(id));
        Assert.Equal(errorId is null ? "" : $"torrentps: {name}: Why: sample\n", terminal.ErrorText);
        using JsonDocument line = JsonDocument.Parse(JsonLines.Line(download, JsonLines.Default.TorrentDownload));
        Assert.Equal(state, line.RootElement.GetProperty("State").GetString());
        Assert.Equal(errorId is null ? null : name, line.RootElement.GetProperty("ErrorId").GetString());
        Assert.Equal(errorId is null ? null : "Why.", line.RootElement.GetProperty("Error").GetString());
    }

    [Theory]
    [InlineData("download", "", "TorrentNotFound", 3)]
    [InlineData("seed", "", "TorrentNotFound", 3)]
    [InlineData("download", "text", "InvalidBencode", 3)]
    [InlineData("download", "de", "InvalidTorrent", 3)]
    [InlineData("download", "d4:infod6:lengthi1e4:name2:..12:piece lengthi16384e6:pieces20:01234567890123456789ee", "UnsafePath", 3)]
    [InlineData("download", "magnet:?xt=urn:btih:short", "InvalidMagnetUri", 3)]
    [InlineData("download", "http://127.0.0.1:1/x.torrent", "TorrentNotFound", 3)]
    public async Task An_unreadable_torrent_has_its_line_too(string command, string content, string errorId, int exitCode)
    {
        string source = content.Contains(':', StringComparison.Ordinal) && !content.StartsWith('d') ? content : Path.Combine(_folder, "x.torrent");
        if (content.Length > 0 && source != content)
            await File.WriteAllTextAsync(source, content, TestContext.Current.CancellationToken);
        (int code, string output, string error) = await RecordingTerminal.RunAsync(command, source, "--json", "--port", "0", "--no-dht", "--no-lsd", "--no-pex");
        AssertFailed(output, error, errorId);
        Assert.Equal(exitCode, code);
    }

    [Fact]
    public async Task A_destination_that_is_a_file_is_denied()
    {
        string data = Path.Combine(_folder, "data.bin"), torrent = Path.Combine(_folder, "x.torrent");
        await File.WriteAllBytesAsync(data, new byte[1000], TestContext.Current.CancellationToken);
        Assert.Equal(0, (await RecordingTerminal.RunAsync("create", data, "-o", torrent)).Code);
        (int code, string output, string error) = await RecordingTerminal.RunAsync("download", torrent, "-o", Path.Combine(data, "sub"), "--json", "--port", "0", "--no-dht", "--no-lsd", "--no-pex");
        AssertFailed(output, error, "AccessDenied");
        Assert.Equal(7, code);
    }

    [Fact]
    public async Task Stopped_before_the_start_it_says_so()
    {
        using var terminal = new RecordingTerminal();
        int code = await CommandTree.RunAsync(["download", "http://127.0.0.1:1/x.torrent", "--json"], terminal, new CancellationToken(canceled: true));
        using JsonDocument line = JsonDocument.Parse(terminal.OutText);
        Assert.Equal((130, "Stopped", "DownloadStopped"), (code, line.RootElement.GetProperty("State").GetString(), line.RootElement.GetProperty("ErrorId").GetString()));
    }

    private static void AssertFailed(string output, string error, string errorId)
    {
        using JsonDocument line = JsonDocument.Parse(output); // one object, and nothing else
        Assert.Equal(("Failed", errorId), (line.RootElement.GetProperty("State").GetString(), line.RootElement.GetProperty("ErrorId").GetString()));
        Assert.NotEmpty(line.RootElement.GetProperty("Error").GetString()!);
        Assert.Equal(0, line.RootElement.GetProperty("PercentComplete").GetDouble());
        Assert.StartsWith($"torrentps: {errorId}: ", error, StringComparison.Ordinal);
    }

    private static string[][] ReadTable()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "TorrentPS.sln")))
            folder = Path.GetDirectoryName(folder);
        return [.. File.ReadLines(Path.Combine(folder!, "docs", "automation.md"))
            .SkipWhile(line => line != "## Every error").SkipWhile(line => !line.StartsWith("|---", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries).Select(cell => cell.Trim('`')).ToArray())];
    }
}
