using System.IO.Compression;
using System.Text.Json.Nodes;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>The tool and the published module under Windows, with a seeder outside of it.</summary>
public sealed class WindowsTests(Wine wine) : InteropTest, IClassFixture<Wine>
{
    private const int Limit = 300_000;

    // In the order of their paths, which New-Torrent uses.
    private static readonly Payload s_payload = Payload.Folder("to Windows", [("a/empty", 0), ("a/one.bin", 1_500_000), ("ü two.bin", 500_001)]);

    [Fact(Timeout = Limit)]
    public async Task The_demo_runs_to_its_end()
    {
        wine.Require();

        (int exitCode, string report) = await wine.RunToolAsync("demo");

        Assert.True(exitCode == 0, report);
    }

    [Fact(Timeout = Limit)]
    public async Task The_module_loads_makes_downloads_and_tests()
    {
        wine.Require();
        string source = Source(s_payload);
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, source);
        string package = Temp.File("TorrentPS.zip"), result = Temp.File("result.json");
        ZipFile.CreateFromDirectory(Wine.Module, package, CompressionLevel.Fastest, includeBaseDirectory: true);

        (_, string report) = await wine.RunScriptAsync(Path.Combine(AppContext.BaseDirectory, "Windows", "module.ps1"),
            "-Package", Wine.PathOf(package), "-Folder", Wine.PathOf(Target), "-Torrent", Wine.PathOf(torrent.Path), "-Source", Wine.PathOf(Path.Combine(source, s_payload.Name)),
            "-Peer", seeder.EndPoint.ToString(), "-ResultPath", Wine.PathOf(result));

        Assert.True(File.Exists(result), report);
        string text = await File.ReadAllTextAsync(result, Token);
        JsonNode told = JsonNode.Parse(text)!;
        Assert.True(told["Error"] is null, text);
        Assert.True((bool)told["OnWindows"]!, text);
        string manifest = await File.ReadAllTextAsync(Path.Combine(Wine.Module, "TorrentPS.psd1"), Token);
        string exported = manifest[manifest.IndexOf("CmdletsToExport", StringComparison.Ordinal)..manifest.IndexOf("VariablesToExport", StringComparison.Ordinal)];
        Assert.Equal(exported.Split('\'').Length / 2, (int)told["Commands"]!);
        Assert.Equal(s_payload.Files.Select(file => file.Path), told["Files"]!.AsArray().Select(file => (string?)file));
        Assert.Contains("There is no file", (string?)told["Missing"]);
        Assert.Contains(@"\no\such.torrent", (string?)told["Missing"]);
        Assert.Equal("Completed", (string?)told["State"]);
        Assert.Equal(s_payload.Length, (long)told["Downloaded"]!);
        Assert.True((bool)told["Tested"]!, text);
        Assert.False((bool)told["TestedDamaged"]!, text);
        Assert.Equal(("Completed", "Completed"), ((string?)told["Job"], (string?)told["Again"]));
        Assert.Equal(torrent.InfoHash, (string?)told["Made"]);
        s_payload.AssertIn(Path.Combine(Target, "deep", "down"));
    }
}
