using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class PathClashesTests
{
    [Fact]
    public void Leaves_paths_that_do_not_clash()
    {
        string[] paths = ["d/a", "d/b/a", "d/b/c/a", "d/B/x", "d/é", "d/e"];
        Assert.Equal(paths, Resolve([.. paths]));
    }

    [Fact]
    public void Numbers_files_at_the_same_place() =>
        Assert.Equal(["d/a.txt", "d/a (1).txt", "d/A (2).txt", "d/a (3).txt", "d/.x", "d/.x (1)"],
            Resolve("d/a.txt", "d/a.txt", "d/A.txt", "d/a (3).txt", "d/.x", "d/.x"));

    [Fact]
    public void Avoids_existing_names() =>
        Assert.Equal(["d/a", "d/a (1)", "d/a (1) (1)"], Resolve("d/a", "d/a", "d/a (1)"));

    [Fact]
    public void Moves_a_file_out_of_the_way_of_a_folder() =>
        Assert.Equal(["d/a (2)", "d/A/b", "d/a (1)/x", "d/b"], Resolve("d/a", "d/A/b", "d/a (1)/x", "d/b"));

    [Fact]
    public void Treats_composed_and_decomposed_letters_as_the_same()
    {
        Assert.Equal(["d/\u00e9", "d/e\u0301 (1)"], Resolve("d/\u00e9", "d/e\u0301"));
        Assert.Equal(["d/\u00e9 (1)", "d/E\u0301/x"], Resolve("d/\u00e9", "d/E\u0301/x"));
    }

    [Fact]
    public void Leaves_out_files_that_are_never_stored() => Assert.Equal(["d/a", null, "d/a (1)"], Resolve("d/a", null, "d/a"));

    [Fact]
    public void Keeps_numbered_names_short()
    {
        string name = new string('x', 251) + ".txt";
        string?[] resolved = Resolve(name, name);
        Assert.Equal(255, resolved[1]!.Length);
        Assert.EndsWith(" (1).txt", resolved[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Gives_up_after_its_limit()
    {
        // 31 equal paths need 1 + 2 + … + 30 = 465 attempts, 32 need 496, 33 need 528.
        Resolve([.. Enumerable.Repeat("a", 32)]);
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => Resolve([.. Enumerable.Repeat("a", 33)])).ErrorId);
    }

    private static string?[] Resolve(params string?[] paths)
    {
        PathClashes.Resolve(paths);
        return paths;
    }
}
