using System.Diagnostics;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Engine.Tests.Storage.Creating;

/// <summary>The selection of files for a new torrent.</summary>
public sealed class TorrentDraftTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_are_ordered_by_the_bytes_of_their_paths()
    {
        string[] ordered = [".hid", "B", "a/z", "a0", "sub-a", "sub.a", "sub/x", "ü", "\uE000", "\uFFFDz", "😀"];
        foreach (string path in ordered.Reverse())
            Lay($"T/{path}");
        Assert.Equal(ordered, TorrentDraft.Collect([_folder["T"]], null, Token).Files.Select(file => file.Path));
    }

    [Fact]
    public async Task Several_inputs_make_one_torrent_of_their_common_folder()
    {
        foreach (string path in new[] { "top/a/1.iso", "top/a/2.iso", "top/b/c/3.iso", "top/d", "top/other" })
            Lay(path);
        string[] inputs = [_folder["top/a/1.iso"], _folder["top/d"], _folder["top/b"], _folder["top/b/c/3.iso"], _folder["top/d"]];
        TorrentDraft draft = TorrentDraft.Collect(inputs, null, Token);

        Torrent torrent = Torrent.Parse(await draft.CreateAsync(null, Token));

        Assert.Equal("top", torrent.Name);
        Assert.Equal(["a/1.iso", "b/c/3.iso", "d"], Names(torrent));
        Assert.Equal(_folder.Path, draft.DataFolder);
        Assert.Equal("top", TorrentDraft.ChooseName(inputs));
        using DataStore store = new(torrent, draft.DataFolder, [true, true, true], readOnly: true);
        Assert.True((await store.VerifyAsync(_ => true, null, Token)).IsFull);
    }

    [Fact]
    public void Two_files_of_one_folder_make_a_torrent_of_that_folder()
    {
        Lay("top/1");
        Lay("top/2");
        Lay("top/3");
        TorrentDraft draft = TorrentDraft.Collect([_folder["top/2"], _folder["top/1"]], new() { Name = "images" }, Token);
        Assert.Equal("images", draft.Name);
        Assert.True(draft.IsRenamed);
        Assert.False(draft.IsSingleFile);
        Assert.Equal(2, draft.FileCount);
    }

    [Fact]
    public void Inputs_with_only_the_root_in_common_are_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The paths are of other systems.");
        Assert.Equal(TorrentErrorId.InvalidTorrent, Fail([_folder["x"], "/proc/version"]).ErrorId);
        Assert.Equal(TorrentErrorId.InvalidTorrent, Fail(["/"]).ErrorId);
    }

    [Theory]
    [InlineData("a/1.tmp, a/b/2.TMP, keep, x/.git/config, x/y", "keep, x/y", "*.tmp", ".git")]
    [InlineData("a/1, a/b/2, keep", "keep", "T/a")]
    [InlineData("a/1, a/b/2, keep", "a/1, keep", "a/b")]
    [InlineData(".a, .b/c, d", "d", ".*")]
    [InlineData("set[1].bin, set2.bin", "set2.bin", "set[1].bin")]
    public void Excluded_files_are_left_out(string files, string left, params string[] exclude)
    {
        foreach (string path in files.Split(", "))
            Lay($"T/{path}");
        TorrentDraft draft = TorrentDraft.Collect([_folder["T"]], new() { Exclude = exclude }, Token);
        Assert.Equal(left.Split(", "), draft.Files.Select(file => file.Path));
    }

    [Fact]
    public void When_everything_is_excluded_nothing_is_created()
    {
        Lay("T/a");
        TorrentException e = Fail([_folder["T"]], new() { Exclude = ["*"] });
        Assert.Equal(TorrentErrorId.InvalidTorrent, e.ErrorId);
        Assert.Contains("exclude", e.Message);
    }

    [Fact]
    public void The_torrent_itself_is_not_in_it()
    {
        Lay("T/a");
        Lay("T/T.torrent");
        Lay("T/old.torrent");
        Lay("T/.torrentps/resume");
        TorrentDraft draft = TorrentDraft.Collect([_folder["T"]], new() { OutputPath = _folder["T/../T/T.torrent"] }, Token);
        Assert.Equal(["a", "old.torrent"], draft.Files.Select(file => file.Path));
    }

    [Fact]
    public async Task Links_are_followed_to_files_and_folders()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");
        Lay("elsewhere/x", 100_000);
        Lay("T/a");
        Directory.CreateSymbolicLink(_folder["T/link"], "../elsewhere");
        Directory.CreateSymbolicLink(_folder["T/again"], _folder["elsewhere"]);
        File.CreateSymbolicLink(_folder["T/file"], _folder["elsewhere/x"]);
        Torrent torrent = Torrent.Parse(await TorrentCreator.CreateAsync(_folder["T"], null, null, Token));
        Assert.Equal(["a", "again/x", "file", "link/x"], Names(torrent));
        Assert.Equal(300_001, torrent.Length);
        using DataStore store = new(torrent, _folder.Path, [true, true, true, true], readOnly: true);
        Assert.True((await store.VerifyAsync(_ => true, null, Token)).IsFull);
    }

    [Theory]
    [InlineData("T/loop", "../T")]
    [InlineData("T/b/c/loop", "../../b")]
    [InlineData("T/b/c/out", "../../../elsewhere")]
    public void A_cycle_of_links_is_refused(string link, string target)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");
        Lay("T/a");
        Lay("T/b/c/d");
        Directory.CreateDirectory(_folder["elsewhere/in"]);
        Directory.CreateSymbolicLink(_folder["elsewhere/in/back"], _folder["T/b"]);
        Directory.CreateSymbolicLink(_folder[link], target);
        TorrentException e = Fail([_folder["T"]]);
        Assert.Equal(TorrentErrorId.UnsafePath, e.ErrorId);
        Assert.Contains("loop", e.Message.Replace("back", "loop", StringComparison.Ordinal));
        Assert.NotEqual(0, TorrentDraft.Collect([_folder["T"]], new() { Exclude = ["loop", "back"] }, Token).Length);
    }

    [Fact]
    public void A_dangling_link_is_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");
        Lay("T/a");
        File.CreateSymbolicLink(_folder["T/link"], "gone");
        TorrentException e = Fail([_folder["T"]]);
        Assert.Equal(TorrentErrorId.TorrentNotFound, e.ErrorId);
        Assert.Contains("gone", e.Message);
    }

    [Fact]
    public void A_pipe_is_skipped_with_a_warning()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux is asked what a name stands for.");
        Lay("T/a");
        Shell("mkfifo T/pipe");
        TorrentDraft draft = TorrentDraft.Collect([_folder["T"]], null, Token);
        Assert.Equal(["a"], draft.Files.Select(file => file.Path));
        Assert.Contains("pipe", Assert.Single(draft.Warnings));
    }

    [Fact]
    public void A_name_that_is_not_utf8_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has names of any bytes.");
        Lay("T/a");
        Shell("""printf x > "T/$(printf 'bad\377')" """);
        TorrentException e = Fail([_folder["T"]]);
        Assert.Equal(TorrentErrorId.UnsafePath, e.ErrorId);
        Assert.Contains("UTF-8", e.Message);
        Assert.Equal(1, TorrentDraft.Collect([_folder["T"]], new() { Exclude = ["bad*"] }, Token).FileCount);
        Shell("rm T/bad*");
    }

    [Theory]
    [InlineData("ab:c", "'T/ab:c' becomes 'T/ab_c'")]
    [InlineData("con.txt", "'T/con.txt' becomes 'T/_con.txt'")]
    [InlineData("end.", "'T/end.' becomes 'T/end'")]
    [InlineData("A", "'T/a' becomes 'T/a (1)'")]
    public void A_name_that_is_not_valid_on_some_system_causes_a_warning(string name, string expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems cannot have the name.");
        Lay("T/a");
        Lay($"T/{name}");
        TorrentDraft draft = TorrentDraft.Collect([_folder["T"]], null, Token);
        Assert.Equal(2, draft.FileCount);
        Assert.Contains(expected, Assert.Single(draft.Warnings));
    }

    [Theory]
    [InlineData(5, "' becomes 'T/4_4'.")]
    [InlineData(6, "' becomes 'T/4_4' and 1 more.")]
    [InlineData(8, "' becomes 'T/4_4' and 3 more.")]
    public void Five_of_many_such_names_are_reported(int count, string end)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems cannot have the names.");
        for (int i = 0; i < count; i++)
            Lay($"T/{i}:{i}");
        string warning = Assert.Single(TorrentDraft.Collect([_folder["T"]], null, Token).Warnings);
        Assert.StartsWith("Some systems do not allow these names, so downloads get other names, and the data must be renamed before it can be seeded: 'T/0:0' becomes 'T/0_0', 'T/1:1' becomes ", warning);
        Assert.EndsWith(end, warning);
    }

    [Theory]
    [InlineData(TorrentVersion.V1, 40, 20)]
    [InlineData(TorrentVersion.V2, 150, 32)]
    [InlineData(TorrentVersion.Hybrid, 250, 52)]
    public void A_torrent_too_large_for_clients_is_refused_with_its_length(TorrentVersion version, int perFile, int perPiece)
    {
        // No gibibytes of hashes are written for this: the size is computed beforehand.
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The file would take room.");
        Lay("T/x/a", 0);
        int pieces = MetainfoLimits.TorrentBytes / perPiece + 1;
        using (FileStream huge = File.OpenWrite(_folder["T/x/a"]))
            huge.SetLength((long)pieces * (16 << 10));
        TorrentException e = Fail([_folder["T"]], new() { PieceLength = 16 << 10, Version = version });
        Assert.Equal(TorrentErrorId.InvalidTorrent, e.ErrorId);
        long expected = (long)pieces * perPiece + 4096 + perFile + (3 + 3) * (version == TorrentVersion.Hybrid ? 2 : 1);
        Assert.StartsWith($"The .torrent would have about {expected} bytes for its {pieces} pieces and 1 files", e.Message);
    }

    [Theory]
    [InlineData(@"\root")]
    [InlineData("c:x")]
    [InlineData(@"x\..\y")]
    public void A_name_that_clients_refuse_is_refused_before_anything_is_hashed(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows cannot have the name.");
        Lay($"T/{name}");
        TorrentException e = Fail([_folder["T"]]);
        Assert.Equal(TorrentErrorId.UnsafePath, e.ErrorId);
        Assert.Contains(name, e.Message);
    }

    [Fact]
    public void Too_many_pieces_are_refused_before_anything_is_hashed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The file would take room.");
        Lay("huge", 0);
        using (FileStream huge = File.OpenWrite(_folder["huge"]))
            huge.SetLength(9L << 30);
        Assert.Contains("10000000", Fail([_folder["huge"]], new() { PieceLength = 16 << 10 }).Message);
        using (FileStream huge = File.OpenWrite(_folder["huge"]))
            huge.SetLength(100L << 30);
        Assert.Contains("2097152", Fail([_folder["huge"]], new() { PieceLength = 16 << 10 }).Message);
        Assert.Equal(16 << 20, TorrentDraft.Collect([_folder["huge"]], null, Token).PieceLength);
    }

    [Fact]
    public void A_private_torrent_without_a_tracker_causes_a_warning()
    {
        Lay("a");
        Assert.Contains("tracker", Assert.Single(TorrentDraft.Collect([_folder["a"]], new() { IsPrivate = true }, Token).Warnings));
        Assert.Empty(TorrentDraft.Collect([_folder["a"]], new() { IsPrivate = true, Trackers = [[new Uri("http://t.test/")]] }, Token).Warnings);
    }

    [Fact]
    public async Task The_file_that_changed_is_named()
    {
        Lay("T/a", 50_000);
        Lay("T/b", 50_000);
        TorrentDraft draft = TorrentDraft.Collect([_folder["T"]], null, Token);
        File.WriteAllBytes(_folder["T/b"], new byte[10]);
        TorrentException e = await Assert.ThrowsAsync<TorrentException>(() => draft.CreateAsync(null, Token));
        Assert.Equal(TorrentErrorId.DataMismatch, e.ErrorId);
        Assert.Contains(_folder["T/b"], e.Message);
    }

    [Fact]
    public void A_torrent_file_is_written_completely_or_not_at_all()
    {
        string path = _folder["a.torrent"];
        TorrentCreator.Write(path, "one"u8, overwrite: false);
        Assert.Equal(TorrentErrorId.AccessDenied, Assert.Throws<TorrentException>(() => TorrentCreator.Write(path, "two"u8, overwrite: false)).ErrorId);
        Assert.Equal("one", File.ReadAllText(path));
        TorrentCreator.Write(path, "two"u8, overwrite: true);
        Assert.Equal("two", File.ReadAllText(path));
        Assert.Contains("folder", Assert.Throws<TorrentException>(() => TorrentCreator.Write(_folder["no/a.torrent"], "x"u8, overwrite: true)).Message);
        Assert.Contains("folder", Assert.Throws<TorrentException>(() => TorrentCreator.Write(_folder.Path, "x"u8, overwrite: true)).Message);
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
    }

    private static string[] Names(Torrent torrent) => [.. torrent.Files.Select(file => file.Path[(torrent.Name.Length + 1)..])];

    private static TorrentException Fail(string[] paths, TorrentCreatorOptions? options = null) =>
        Assert.Throws<TorrentException>(() => TorrentDraft.Collect(paths, options, Token));

    private void Lay(string path, int length = 1)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[path])!);
        File.WriteAllBytes(_folder[path], new byte[length]);
    }

    private void Shell(string command)
    {
        using Process shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = _folder.Path })!;
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
