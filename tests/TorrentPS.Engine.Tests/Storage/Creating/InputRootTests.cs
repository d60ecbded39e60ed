using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage.Creating;

/// <summary>The root of the paths in a torrent.</summary>
public sealed class InputRootTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public InputRootTests()
    {
        Directory.CreateDirectory(_folder["top/sub"]);
        foreach (string path in (string[])["top/a", "top/sub/b", "top/sub/c"])
            File.WriteAllText(_folder[path], "");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_root_of_one_file_is_its_folder_and_the_name_that_of_the_file()
    {
        InputRoot root = InputRoot.Of([_folder["top/a"]]);
        Assert.Equal((_folder["top"], "a", true), (root.Path, root.Name, root.IsFile));
        Assert.Equal([_folder["top/a"]], root.Inputs);
        Assert.Equal(_folder["top/a"], root.Shown);
    }

    [Fact]
    public void The_root_of_one_folder_is_that_folder()
    {
        InputRoot root = InputRoot.Of([_folder["top/sub/"], _folder["top/../top/sub"]]); // the same one twice
        Assert.Equal((_folder["top/sub"], "sub", false), (root.Path, root.Name, root.IsFile));
        Assert.Equal(_folder["top/sub"], root.Shown);
        Assert.Single(root.Inputs);
    }

    [Theory]
    [InlineData("top/sub", "top/sub/b", "top/sub/c")]
    [InlineData("top", "top/a", "top/sub/c")]
    [InlineData("top", "top/sub/c", "top/a")]
    [InlineData("top", "top/sub", "top/a")]
    public void The_root_of_several_inputs_is_their_deepest_common_folder(string expected, params string[] inputs)
    {
        InputRoot root = InputRoot.Of([.. inputs.Select(input => _folder[input])]);
        Assert.Equal((_folder[expected], Path.GetFileName(expected), false), (root.Path, root.Name, root.IsFile));
        Assert.Equal(inputs.Select(input => _folder[input]), root.Inputs);
        Assert.Equal(_folder[expected], root.Shown);
    }

    [Fact]
    public void Where_case_is_ignored_the_name_on_disk_is_used()
    {
        InputRoot root = InputRoot.Of([_folder["top/A"], _folder["top/a"], _folder["top/SUB/B"]], PathEquality.OfWindows);
        Assert.Equal([_folder["top/a"], _folder["top/sub/b"]], root.Inputs);
        Assert.Equal("top", root.Name);
    }

    [Fact]
    public void Without_a_common_folder_that_has_a_name_the_error_has_advice()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The paths are of other systems.");
        TorrentException alone = Assert.Throws<TorrentException>(() => InputRoot.Of(["/"]));
        Assert.Equal((TorrentErrorId.InvalidTorrent, "'/' has no name that a torrent could have; choose a folder below it."), (alone.ErrorId, alone.Message));
        TorrentException apart = Assert.Throws<TorrentException>(() => InputRoot.Of([_folder["top/a"], "/proc/stat", "/proc/version"]));
        Assert.Equal(TorrentErrorId.InvalidTorrent, apart.ErrorId);
        Assert.Equal($"'{_folder["top/a"]}' and '/proc/version' are in no folder together that a torrent could be of; put them into one.", apart.Message);
        Assert.Throws<ArgumentException>(() => InputRoot.Of([""]));
    }
}
