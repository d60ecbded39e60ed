using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage.Files;

/// <summary>Whether two paths lead to one file: the rules of Windows and macOS are tested everywhere.</summary>
public sealed class PathEqualityTests : IDisposable
{
    private const string Composed = "caf\u00e9", Decomposed = "cafe\u0301";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static PathEquality Of(string system) => system switch { "windows" => PathEquality.OfWindows, "mac" => PathEquality.OfMac, _ => PathEquality.Exact };

    [Theory]
    [InlineData("linux", "/a/B", "/a/b", false)]
    [InlineData("linux", Composed, Decomposed, false)]
    [InlineData("windows", "/a/B", "/A/b", true)]
    [InlineData("windows", "/a/B", "/a/c", false)]
    [InlineData("windows", Composed, Decomposed, false)]
    [InlineData("windows", "stra\u00dfe", "STRASSE", false)]
    [InlineData("mac", "/a/B", "/A/b", true)]
    [InlineData("mac", Composed, Decomposed, true)]
    [InlineData("mac", "CAF\u00c9", Decomposed, true)]
    [InlineData("mac", "cafe", Composed, false)]
    public void Paths_name_the_same_file_by_the_systems_rule(string system, string one, string other, bool same)
    {
        PathEquality equality = Of(system);
        Assert.Equal(same, equality.Equals(one, other));
        Assert.Equal(same, new HashSet<string>([one], equality).Contains(other));
        Assert.True(equality.Equals(one, one));
        Assert.False(equality.Equals(one, null));
    }

    [Theory]
    [InlineData("linux", "/a/b/c", "/a/b", true)]
    [InlineData("linux", "/a/b", "/a/b", false)]
    [InlineData("linux", "/a/b/", "/a/b", false)]
    [InlineData("linux", "/a/bc", "/a/b", false)]
    [InlineData("linux", "/a/B/c", "/a/b", false)]
    [InlineData("linux", "/a", "/", true)]
    [InlineData("linux", "/", "/", false)]
    [InlineData("windows", "/A/B/c", "/a/b", true)]
    [InlineData("windows", "/A/Bc/d", "/a/b", false)]
    [InlineData("mac", "/" + Composed + "/c", "/" + Decomposed, true)]
    [InlineData("mac", "/" + Decomposed, "/" + Composed, false)]
    public void Paths_below_a_folder_are_recognized_by_component(string system, string path, string folder, bool below)
    {
        char separator = Path.DirectorySeparatorChar;
        Assert.Equal(below, Of(system).IsBelow(path.Replace('/', separator), folder.Replace('/', separator)));
    }

    [Fact]
    public void Names_on_disk_replace_other_spellings()
    {
        Lay("Data/Image.iso");
        Assert.Equal(_folder["Data/Image.iso"], PathEquality.OfWindows.AsOnDisk(_folder["dATA/image.ISO"], _folder.Path));
        Assert.Equal(_folder["Data/other"], PathEquality.OfWindows.AsOnDisk(_folder["data/other"], _folder.Path));
        Assert.Equal(_folder["none/Image.iso"], PathEquality.OfWindows.AsOnDisk(_folder["none/Image.iso"], _folder.Path));
        Assert.Equal(_folder["data/image.iso"], PathEquality.Exact.AsOnDisk(_folder["data/image.iso"], _folder.Path));
    }

    [Fact]
    public void An_exact_name_on_disk_is_preferred_to_a_similar_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only here both can be there.");
        foreach (string name in (string[])["image", "IMAGE", "Image"])
            Lay(name);
        foreach (string name in (string[])["image", "IMAGE", "Image"])
            Assert.Equal(_folder[name], PathEquality.OfWindows.AsOnDisk(_folder[name], _folder.Path));
    }

    [Fact]
    public void A_torrent_has_the_name_of_its_folder_on_disk()
    {
        Lay("Data/Disc/One");
        Lay("Data/Disc/two");
        InputRoot root = InputRoot.Of([_folder["Data/DISC"]], PathEquality.OfWindows);
        Assert.Equal("Disc", root.Name);
    }

    [Fact]
    public void A_file_given_in_two_spellings_is_in_the_torrent_once()
    {
        Lay("Disc/One");
        Lay("Disc/two");
        InputRoot root = InputRoot.Of([_folder["disc/one"], _folder["DISC/Two"], _folder["Disc/ONE"]], PathEquality.OfWindows);
        Assert.Equal((_folder["Disc"], "Disc"), (root.Path, root.Name));
        Assert.Equal([_folder["Disc/One"], _folder["Disc/two"]], root.Inputs);

        InputFiles files = new(root.Path, [], null, [], PathEquality.OfWindows, Token);
        foreach (string input in root.Inputs)
            files.Add(input);
        Assert.Equal(["One", "two"], files.InOrder(PathOrder.Instance).Select(file => file.Path));
        Assert.Throws<TorrentException>(() => InputRoot.Of([_folder["disc/one"], "/elsewhere/two"], PathEquality.OfWindows));
    }

    [Theory]
    [InlineData("windows", "disc/ONE.torrent")]
    [InlineData("mac", "Disc/one.TORRENT")]
    public void The_torrent_being_written_does_not_contain_itself_in_any_spelling(string system, string output)
    {
        Lay("Disc/One.torrent");
        Lay("Disc/two");
        InputFiles files = new(_folder["Disc"], [], _folder[output], [], Of(system), Token);
        files.Add(_folder["Disc"]);
        Assert.Equal(["two"], files.InOrder(PathOrder.Instance).Select(file => file.Path));
    }

    [Theory]
    [InlineData("windows", true)]
    [InlineData("mac", true)]
    [InlineData("linux", false)]
    public void Data_in_another_spelling_is_found(string system, bool found)
    {
        Sample sample = Sample.Make(16384, 1, ("a", 10), ("b", 10));
        TorrentInfo torrent = new(sample.Torrent);
        string other = sample.Torrent.Name.ToLowerInvariant();
        Assert.NotEqual(sample.Torrent.Name, other);
        Directory.CreateDirectory(_folder[other]);
        if (found)
            Assert.Equal(_folder.Path, SeedSource.Find(torrent, _folder[other], null, Of(system)));
        else
            Assert.Throws<TorrentException>(() => SeedSource.Find(torrent, _folder[other], null, Of(system)));
    }

    [Theory]
    [InlineData("windows", true)]
    [InlineData("mac", true)]
    [InlineData("linux", false)]
    public void A_link_to_the_destination_in_another_spelling_stays_inside(string system, bool into)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");
        Directory.CreateDirectory(_folder["Data/T"]);
        Directory.CreateDirectory(_folder["Data/other"]);
        Directory.CreateSymbolicLink(_folder["Data/T/sub"], _folder["dATA/other"]);
        DestinationFolder destination = new(_folder["Data"], Of(system));
        if (into)
            destination.CheckLinks(_folder["Data/T/sub/file"]);
        else
            Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => destination.CheckLinks(_folder["Data/T/sub/file"])).ErrorId);
    }

    [Theory]
    [InlineData("a:stream")]
    [InlineData("T/a:$DATA")]
    [InlineData("T/C:")]
    [InlineData("a\\..\\..\\b")]
    [InlineData("T/a.")]
    [InlineData("T/a ")]
    [InlineData("T/...")]
    public void Names_with_a_special_meaning_on_Windows_are_refused_there(string path)
    {
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => new DestinationFolder(_folder.Path, PathEquality.OfWindows).FullPath(path)).ErrorId);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(_folder[path], new DestinationFolder(_folder.Path, PathEquality.Exact).FullPath(path));
    }

    [Theory]
    [InlineData("a film: part 2?", "a film_ part 2_.torrent")]
    [InlineData("con", "_con.torrent")]
    [InlineData("ends.", "ends.torrent")]
    [InlineData("plain", "plain.torrent")]
    public void A_torrent_file_gets_a_name_valid_on_Windows(string name, string expected)
    {
        Assert.Equal(expected, TorrentFileName.Of(name, PathEquality.OfWindows));
        Assert.Equal($"{name}.torrent", TorrentFileName.Of(name, PathEquality.Exact));
    }

    private void Lay(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[path])!);
        File.WriteAllText(_folder[path], "x");
    }
}
