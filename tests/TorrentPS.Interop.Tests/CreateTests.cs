using System.Globalization;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests;

/// <summary>Other programs create equal torrents from the same files, and read ours.</summary>
public sealed class CreateTests : InteropTest
{
    private const string Tracker = "http://127.0.0.1:1/announce";

    private static readonly Payload s_tree = Payload.Folder("tree", [
        (".hidden", 9), (".dir/x", 10_000), ("B", 5), ("a", 40_000), ("a b", 7), ("a.b", 8), ("a-c", 3), ("empty", 0), ("sub/x", 70_001),
        ("sub-y", 1), ("sub.z", 2), ("sub/deep/er", 65_536), ("ü", 4), ("\uE000", 5), ("日本", 6), ("😀", 7)]);

    public static TheoryData<string, int, bool, string?> Cases { get; } = new()
    {
        { "tree", 15, false, null },
        { "tree", 16, true, "A" },
        { "many", 15, false, "source of it" },
        { "many", 20, false, null },
        { "one", 18, true, null },
        { "small", 15, false, null },
    };

    [Theory(Timeout = Limits.Test)]
    [MemberData(nameof(Cases))]
    public async Task Mktorrent_makes_the_same_info_dictionary(string shape, int power, bool isPrivate, string? source)
    {
        string program = Installed.Require("mktorrent", "mktorrent");
        string path = Data(shape), theirs = Temp.File("theirs.torrent");
        string[] flags = [.. isPrivate ? ["-p"] : Array.Empty<string>(), .. source is null ? [] : new[] { "-s", source }];
        await RunAsync(program, ["-a", Tracker, "-l", power.ToString(CultureInfo.InvariantCulture), "-o", theirs, .. flags, path]);

        byte[] ours = await TorrentCreator.CreateAsync(path, new() { PieceLength = 1 << power, IsPrivate = isPrivate, Source = source, Trackers = [[new Uri(Tracker)]] }, null, Token);

        AssertSameInfo(theirs, ours);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Mktorrent_follows_the_same_links()
    {
        string program = Installed.Require("mktorrent", "mktorrent");
        string path = Data("tree"), theirs = Temp.File("theirs.torrent");
        Directory.CreateSymbolicLink(Path.Combine(path, "sub.link"), "sub");
        File.CreateSymbolicLink(Path.Combine(path, "link"), Path.Combine(path, "a"));
        await RunAsync(program, ["-a", Tracker, "-l", "15", "-o", theirs, path]);
        AssertSameInfo(theirs, await TorrentCreator.CreateAsync(path, new() { PieceLength = 1 << 15 }, null, Token));
    }

    /// <summary>
    /// Transmission 3 omits hidden and empty files, sorts without regard to case, and always writes 'private': for a private torrent without such files and capitals the
    /// result is equal.
    /// </summary>
    [Theory(Timeout = Limits.Test)]
    [InlineData(32)]
    [InlineData(1024)]
    public async Task Transmission_makes_the_same_info_dictionary(int kibibytes)
    {
        string program = Installed.Require("transmission-create", "transmission-cli");
        Payload payload = Payload.Folder("set", [("a", 40_000), ("a b", 7), ("b/x", 70_001), ("b/y/z", 65_536), ("b-1", 9), ("c.iso", 1_500_000)]);
        string path = Path.Combine(Source(payload), payload.Name), theirs = Temp.File("theirs.torrent");
        await RunAsync(program, ["-p", "-s", kibibytes.ToString(CultureInfo.InvariantCulture), "-t", Tracker, "-o", theirs, path]);
        AssertSameInfo(theirs, await TorrentCreator.CreateAsync(path, new() { PieceLength = kibibytes << 10, IsPrivate = true }, null, Token));
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData("tree")]
    [InlineData("many")]
    [InlineData("one")]
    public async Task Libtorrent_reads_ours_and_finds_the_data_complete(string shape)
    {
        const string Script = """
            import libtorrent, sys, time
            info = libtorrent.torrent_info(sys.argv[1])
            print('hash', info.info_hash())
            print('files', info.num_files(), info.total_size(), info.piece_length(), int(info.priv()))
            session = libtorrent.session({'listen_interfaces': '', 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False})
            torrent = session.add_torrent({'ti': info, 'save_path': sys.argv[2]})
            for _ in range(600):
                status = torrent.status()
                if status.is_seeding or status.errc.value():
                    break
                time.sleep(0.05)
            print('seeding', status.is_seeding, status.errc.message())
            """;
        string python = Installed.Require("/usr/bin/python3", "python3-libtorrent");
        string path = Data(shape), torrent = Temp.File("ours.torrent");
        TorrentDraft draft = TorrentDraft.Collect([path], new() { IsPrivate = true, Trackers = [[new Uri(Tracker)]] }, Token);
        byte[] ours = await draft.CreateAsync(null, Token);
        TorrentCreator.Write(torrent, ours, overwrite: false);
        TorrentInfo info = new(Torrent.Parse(ours));

        string output = await RunAsync(python, ["-c", Script, torrent, draft.DataFolder], "import libtorrent");

        Assert.Contains($"hash {info.InfoHash}", output);
        Assert.Contains($"files {info.FileCount} {info.Length} {info.PieceLength} 1", output);
        Assert.Contains("seeding True", output);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData("tree", TorrentVersion.V2, 15)]
    [InlineData("tree", TorrentVersion.Hybrid, 15)]
    [InlineData("tree", TorrentVersion.Hybrid, 17)]
    [InlineData("many", TorrentVersion.V2, 16)]
    [InlineData("many", TorrentVersion.Hybrid, 14)]
    [InlineData("one", TorrentVersion.V2, 18)]
    [InlineData("one", TorrentVersion.Hybrid, 18)]
    [InlineData("lone", TorrentVersion.V2, 15)]
    [InlineData("lone", TorrentVersion.Hybrid, 15)]
    [InlineData("small", TorrentVersion.V2, 15)]
    [InlineData("small", TorrentVersion.Hybrid, 15)]
    public async Task Libtorrent_makes_the_same_version_2_torrent(string shape, TorrentVersion version, int power)
    {
        const string Script = """
            import libtorrent, os, sys, warnings
            warnings.simplefilter('ignore')
            path, piece, flags, target = sys.argv[1:]
            storage = libtorrent.file_storage()
            libtorrent.add_files(storage, path)
            maker = libtorrent.create_torrent(storage, int(piece), flags=libtorrent.create_torrent.v2_only if flags == 'V2' else 0)
            libtorrent.set_piece_hashes(maker, os.path.dirname(path))
            maker.set_priv(True)
            open(target, 'wb').write(libtorrent.bencode(maker.generate()))
            """;
        string python = Installed.Require("/usr/bin/python3", "python3-libtorrent");
        string path = Data(shape), theirs = Temp.File("theirs.torrent");
        if (shape == "tree" && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path.Combine(path, "sub", "x"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await RunAsync(python, ["-c", Script, path, (1 << power).ToString(CultureInfo.InvariantCulture), version.ToString(), theirs], "import libtorrent");

        byte[] ours = await TorrentCreator.CreateAsync(path, new() { PieceLength = 1 << power, IsPrivate = true, Version = version }, null, Token);

        AssertSameInfo(theirs, ours);
        Assert.Equal(version, Torrent.Parse(ours).Version);
        Assert.Equal(Torrent.Parse(File.ReadAllBytes(theirs)).PieceLayers.ToArray(), Torrent.Parse(ours).PieceLayers.ToArray());
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Libtorrent_reads_our_list_of_similar_torrents()
    {
        const string Script = """
            import libtorrent, sys
            info = libtorrent.torrent_info(sys.argv[1])
            print([str(hash) for hash in info.similar_torrents()], info.collections(), info.is_valid())
            """;
        string python = Installed.Require("/usr/bin/python3", "python3-libtorrent"), torrent = Temp.File("similar.torrent");
        InfoHash other = InfoHash.Create(Enumerable.Repeat((byte)0xab, 20).ToArray());
        File.WriteAllBytes(torrent, await TorrentCreator.CreateAsync(Data("one"), new() { Similar = [other], Collections = ["com.example.images"] }, null, Token));

        string output = await RunAsync(python, ["-c", Script, torrent], "import libtorrent");

        Assert.Contains($"['{other}'] ['com.example.images'] True", output, StringComparison.Ordinal);
    }

    private string Data(string shape)
    {
        Payload payload = shape switch
        {
            "tree" => s_tree,
            "many" => Payload.ManyFiles(),
            "lone" => Payload.Folder("lone", [("in/file", 100_001)]),
            "one" => Payload.SingleFile("one image.vhdx", 3_000_001),
            _ => Payload.SingleFile("small", 1),
        };
        return Path.Combine(Source(payload), payload.Name);
    }

    private static void AssertSameInfo(string theirs, byte[] ours)
    {
        Torrent expected = Torrent.Parse(File.ReadAllBytes(theirs)), actual = Torrent.Parse(ours);
        Assert.Equal(expected.Files.Select(file => file.Path), actual.Files.Select(file => file.Path));
        Assert.Equal(expected.InfoBytes.ToArray(), actual.InfoBytes.ToArray());
        Assert.Equal(expected.InfoHash, actual.InfoHash);
    }

    private async Task<string> RunAsync(string program, string[] arguments, string? skipWithout = null)
    {
        if (skipWithout is not null)
        {
            await using ExternalProcess probe = ExternalProcess.Start(program, ["-c", skipWithout], Temp.Path);
            Assert.SkipUnless(await probe.WaitForExitAsync(Limits.Start) == 0, "libtorrent is not installed: apt-get install python3-libtorrent");
        }

        await using ExternalProcess process = ExternalProcess.Start(program, arguments, Temp.Path);
        Assert.True(await process.WaitForExitAsync(Limits.Transfer) == 0, process.Report);
        return process.Output;
    }
}
