using System.Security.Cryptography;
using System.Text.Json;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Cli.Tests;

public sealed class InfoTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("torrentps-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Shows_the_contents_of_a_torrent()
    {
        (int code, string output, string error) = await RecordingTerminal.RunAsync("info", Write(files: 3));
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Name:         sample\n", output, StringComparison.Ordinal);
        Assert.Contains("Size:         6 KiB (6,144 bytes) in 3 files\n", output, StringComparison.Ordinal);
        Assert.Contains("Pieces:       1 of 16 KiB\n", output, StringComparison.Ordinal);
        Assert.Contains("Trackers:     1: http://a.example/announce\n              2: udp://b.example:1/announce\n", output, StringComparison.Ordinal);
        Assert.Contains("       1 KiB  sample/folder/file 0\n       2 KiB  sample/folder/file 1\n       3 KiB  sample/folder/file 2\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_list_is_cut_with_the_number_of_omitted_entries()
    {
        (_, string output, _) = await RecordingTerminal.RunAsync("info", Write(files: 300));
        Assert.True(output.Count(c => c == '\n') < 50);
        Assert.Contains("… and 280 more (--json shows all)\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_control_character_and_no_markup_reaches_the_terminal(bool isTerminal)
    {
        using var terminal = new RecordingTerminal { OutIsTerminal = isTerminal };
        await CommandTree.RunAsync(["info", Write(files: 1, comment: "\e]0;x\a[red]b[/]\u202E")], terminal, TestContext.Current.CancellationToken);
        Assert.Contains("\\u001b]0;x\\u0007[red]b[/]\\u202e", terminal.OutText, StringComparison.Ordinal);
        Assert.DoesNotContain('\a', terminal.OutText);
        Assert.DoesNotContain('\u202E', terminal.OutText);
    }

    [Fact]
    public async Task Json_has_the_documented_properties_and_every_file()
    {
        (int code, string output, string error) = await RecordingTerminal.RunAsync("info", "--json", Write(files: 300), Write(files: 1));
        Assert.Equal((0, ""), (code, error));
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        JsonTests.AssertNames(lines[0], "Name", "InfoHash", "InfoHashV1", "InfoHashV2", "Version", "Length", "PieceLength", "PieceCount", "Files", "FileCount",
            "Trackers", "WebSeeds", "Nodes", "IsPrivate", "Comment", "CreatedBy", "CreationDate", "Source", "MagnetUri", "Path");

        using JsonDocument document = JsonDocument.Parse(lines[0]);
        JsonElement torrent = document.RootElement;
        Assert.Equal("V1", torrent.GetProperty("Version").GetString());
        Assert.Equal("2024-05-06T07:08:09+00:00", torrent.GetProperty("CreationDate").GetString());
        Assert.Equal("udp://b.example:1/announce", torrent.GetProperty("Trackers")[1][0].GetString());
        Assert.Equal(300, torrent.GetProperty("Files").GetArrayLength());
        JsonTests.AssertNames(torrent.GetProperty("Files")[299].GetRawText(), "Path", "Length", "Index", "Offset");
        Assert.Equal(299, torrent.GetProperty("Files")[299].GetProperty("Index").GetInt32());
    }

    [Fact]
    public async Task One_bad_torrent_does_not_keep_the_others_from_being_shown()
    {
        string bad = Path.Combine(_folder, "bad.torrent");
        await File.WriteAllTextAsync(bad, "no torrent", TestContext.Current.CancellationToken);
        (int code, string output, string error) = await RecordingTerminal.RunAsync("info", bad, Write(files: 1), Path.Combine(_folder, "missing.torrent"));
        Assert.Equal(3, code);
        Assert.StartsWith("Name:         sample\n", output, StringComparison.Ordinal);
        string[] errors = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, errors.Length);
        Assert.StartsWith("torrentps: InvalidBencode: ", errors[0], StringComparison.Ordinal);
        Assert.EndsWith(": " + bad, errors[0], StringComparison.Ordinal);
        Assert.StartsWith("torrentps: TorrentNotFound: ", errors[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_magnet_link_shows_its_contents()
    {
        const string Link = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=a%1Bb&xl=2048&tr=http%3A%2F%2Fa.example%2Fannounce";
        (int code, string output, _) = await RecordingTerminal.RunAsync("info", Link);
        Assert.Equal(0, code);
        Assert.Contains("a_b\n", output, StringComparison.Ordinal);
        Assert.Contains("http://a.example/announce\n", output, StringComparison.Ordinal);

        (_, output, _) = await RecordingTerminal.RunAsync("info", "--json", Link);
        using JsonDocument document = JsonDocument.Parse(output);
        Assert.Equal("0123456789abcdef0123456789abcdef01234567", document.RootElement.GetProperty("InfoHash").GetString());
        Assert.Equal(2048, document.RootElement.GetProperty("Length").GetInt64());
    }

    [Fact]
    public async Task A_broken_magnet_link_is_an_unreadable_torrent()
    {
        (int code, _, string error) = await RecordingTerminal.RunAsync("info", "magnet:?xt=urn:btih:0123");
        Assert.Equal(3, code);
        Assert.StartsWith("torrentps: InvalidMagnetUri: ", error, StringComparison.Ordinal);
    }

    private string Write(int files, string? comment = null)
    {
        var builder = new TorrentBuilder("sample", 16384)
        {
            Trackers = [[new Uri("http://a.example/announce")], [new Uri("udp://b.example:1/announce")]],
            CreationDate = new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero),
            Comment = comment,
        };
        for (int i = 0; i < files; i++)
            builder.AddFile($"folder/file {i}", 1024 * (i % 3 + 1));
        builder.PieceHashes = RandomNumberGenerator.GetBytes(builder.PieceCount * 20);
        string path = Path.Combine(_folder, $"{Guid.NewGuid():N}.torrent");
        File.WriteAllBytes(path, builder.Build());
        return path;
    }
}
