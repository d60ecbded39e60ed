using System.Diagnostics;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage.Files;

/// <summary>Downloads of different torrents that would write the same files.</summary>
public sealed class PathClaimsTests : IDisposable
{
    private static readonly InfoHash s_first = InfoHash.Create(new byte[20]);
    private static readonly InfoHash s_second = InfoHash.Create([.. new byte[19], 1]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "a", "", "a")]
    [InlineData("", "x/y/b", "x", "y/b")]
    [InlineData("x", "y/b", "", "x/y/b")]
    [InlineData("x/y", "b", "", "x/y/b")]
    [InlineData("link", "b", "x", "b")]
    [InlineData("", "x/b", "link", "b")]
    [InlineData("", "link/b", "x", "b")]
    [InlineData("", "link/b", "", "x/b")]
    [InlineData("", "alias", "x", "b")]
    public void The_second_download_is_refused_and_the_first_continues(string firstPlace, string firstFile, string secondPlace, string secondFile)
    {
        Directory.CreateDirectory(_folder["x/y"]);
        if (firstFile.Contains('l') || (firstPlace + secondPlace).Contains('l'))
        {
            Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");
            Directory.CreateSymbolicLink(_folder["link"], _folder["x"]);
            File.WriteAllText(_folder["x/b"], "");
            File.CreateSymbolicLink(_folder["alias"], _folder["x/b"]);
        }

        for (int order = 0; order < 2; order++)
        {
            using (DestinationLock.Acquire(_folder[firstPlace], s_first, ["other", firstFile]))
            {
                TorrentException e = Assert.Throws<TorrentException>(() => DestinationLock.Acquire(_folder[secondPlace], s_second, ["another", secondFile]));
                Assert.Equal(TorrentErrorId.DataInUse, e.ErrorId);
                Assert.Contains(Path.GetFileName(secondFile), e.Message);
            }

            DestinationLock.Acquire(_folder[secondPlace], s_second, ["another", secondFile]).Dispose();
            (firstPlace, firstFile, secondPlace, secondFile) = (secondPlace, secondFile, firstPlace, firstFile);
        }

        Assert.Empty(Directory.GetDirectories(_folder.Path, ".torrentps", SearchOption.AllDirectories));
    }

    [Fact]
    public void Other_files_in_the_same_folders_are_free()
    {
        Directory.CreateDirectory(_folder["season/x"]);
        using DestinationLock first = DestinationLock.Acquire(_folder.Path, s_first, ["season/1", "season/x/1"]);
        AssertFree(_folder.Path, ["season/2", "season/x/2", "1"]);
        AssertFree(_folder["season"], ["2", "x/2"]);
        AssertFree(_folder["season/x"], ["2", "season/1"]);
    }

    [Fact]
    public void Names_are_compared_by_the_systems_rule()
    {
        using (DestinationLock.Acquire(_folder.Path, s_first, ["Größe"], PathEquality.OfMac))
        {
            foreach (string name in (string[])["GRÖSSE", "GRÖßE", "größe", "gro\u0308ße"])
            {
                bool isSame = PathEquality.OfMac.Equals("Größe", name);
                if (isSame)
                    Assert.Throws<TorrentException>(() => DestinationLock.Acquire(_folder.Path, s_second, [name], PathEquality.OfMac));
                else
                    DestinationLock.Acquire(_folder.Path, s_second, [name], PathEquality.OfMac).Dispose();
            }
        }

        using (DestinationLock.Acquire(_folder.Path, s_first, ["A"], PathEquality.Exact))
            DestinationLock.Acquire(_folder.Path, s_second, ["a"], PathEquality.Exact).Dispose();
    }

    [Fact]
    public void Leftovers_of_a_killed_process_are_no_obstacle()
    {
        Directory.CreateDirectory(_folder["saved"]);
        using (DestinationLock.Acquire(_folder.Path, s_first, ["a"]))
        {
            foreach (string file in Directory.GetFiles(_folder[".torrentps"]))
                File.WriteAllBytes(_folder["saved/" + Path.GetFileName(file)], file.EndsWith("paths", StringComparison.Ordinal) ? SharedFile.ReadAllBytes(file) : []);
        }

        Directory.Move(_folder["saved"], _folder[".torrentps"]);
        Assert.Equal(2, Directory.GetFiles(_folder[".torrentps"]).Length);
        DestinationLock.Acquire(_folder.Path, s_second, ["a"]).Dispose();
        DestinationLock.Acquire(_folder.Path, s_first, ["a"]).Dispose();
        Assert.False(Directory.Exists(_folder[".torrentps"]));
    }

    [Fact]
    public void Files_of_another_process_count_until_it_is_killed()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/flock"), "flock is needed: install util-linux");
        byte[] table;
        using (DestinationLock.Acquire(_folder.Path, s_first, ["a"]))
            table = SharedFile.ReadAllBytes(_folder[$".torrentps/{s_first}.paths"]);
        Directory.CreateDirectory(_folder[".torrentps"]);
        File.WriteAllBytes(_folder[$".torrentps/{s_first}.paths"], table);
        ProcessStartInfo start = new("/usr/bin/flock", ["--no-fork", _folder[$".torrentps/{s_first}.lock"], "/bin/sh", "-c", "echo held; exec sleep 60"]) { RedirectStandardOutput = true };
        using Process holder = Process.Start(start)!;
        try
        {
            Assert.Equal("held", holder.StandardOutput.ReadLine());
            Assert.Equal(TorrentErrorId.DataInUse, Assert.Throws<TorrentException>(() => DestinationLock.Acquire(_folder.Path, s_second, ["a"])).ErrorId);
        }
        finally
        {
            holder.Kill();
            holder.WaitForExit();
        }

        DestinationLock.Acquire(_folder.Path, s_second, ["a"]).Dispose();
    }

    [Fact]
    public void One_table_is_enough_for_very_many_files()
    {
        string[] many = [.. Enumerable.Range(0, 100_000).Select(i => $"T/{i / 1000}/{i}")];
        using DestinationLock first = DestinationLock.Acquire(_folder.Path, s_first, many);
        Assert.Equal(2, Directory.GetFiles(_folder[".torrentps"]).Length);
        Assert.Throws<TorrentException>(() => DestinationLock.Acquire(_folder.Path, s_second, [many[77_777]]));
    }

    [Theory]
    [InlineData("nothing", false)]
    [InlineData("its mark", true)]
    [InlineData("its length", true)]
    [InlineData("its hashes", true)]
    [InlineData("all of it", true)]
    [InlineData("what it is", true)]
    public void A_damaged_table_is_ignored(string what, bool isNone)
    {
        byte[] table;
        using (DestinationLock.Acquire(_folder.Path, s_first, ["a"]))
            table = SharedFile.ReadAllBytes(_folder[$".torrentps/{s_first}.paths"]);
        using DestinationLock held = DestinationLock.Acquire(_folder.Path, s_first, ["b"]);
        string path = _folder[$".torrentps/{s_first}.paths"];
        File.Delete(path);
        if (what == "what it is")
        {
            Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");
            File.WriteAllBytes(_folder["elsewhere"], table);
            File.CreateSymbolicLink(path, _folder["elsewhere"]);
        }
        else
        {
            if (what is "its mark" or "its hashes")
                table[what == "its mark" ? 0 : sizeof(ulong)] ^= 1;
            File.WriteAllBytes(path, what switch { "its length" => [.. table, 1], "all of it" => [], _ => table });
        }

        if (isNone)
            AssertFree(_folder.Path, ["a"]);
        else
            Assert.Throws<TorrentException>(() => DestinationLock.Acquire(_folder.Path, s_second, ["a"]));
    }

    /// <summary>The lock is granted: a held one is refused with an exception.</summary>
    private static void AssertFree(string folder, string[] paths) => Assert.Null(Record.Exception(() => DestinationLock.Acquire(folder, s_second, paths).Dispose()));
}
