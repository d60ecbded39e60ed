using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>The files tried as donors for those of a torrent, and their order.</summary>
public sealed class DonorSearchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sample _sample = Sample.Make(16, 1, ("dir/a", 100), ("b", 50), ("pad", 30), ("empty", 0));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_of_the_same_length_and_name_goes_first_then_one_of_the_same_length_then_one_of_the_same_name()
    {
        Lay("1/a", 99);
        Lay("2/x", 100);
        Lay("3/A", 100);
        Assert.Equal(["3/A", "2/x", "1/a"], Donors(0));
        Assert.Empty(Donors(1));
    }

    [Fact]
    public void Of_equal_files_that_with_more_of_the_path_goes_first()
    {
        Lay("a", 100);
        Lay("z/T/dir/a", 100);
        Lay("dir/a", 100);
        Lay("other/a", 100);
        Assert.Equal(["z/T/dir/a", "dir/a"], Donors(0)[..2]);
        Assert.Equal(DonorSearch.MaxDonors, Donors(0).Length);
    }

    /// <summary>Inserted or appended data moves the rest, counted from the beginning, but not counted from the end.</summary>
    [Theory]
    [InlineData(130, 30)]
    [InlineData(70, -30)]
    public void A_file_of_another_length_is_tried_from_its_beginning_and_then_from_its_end(int length, int shift)
    {
        Lay("a", length);
        Assert.Equal([0, shift], Search(_folder.Path).Of(0).Select(donor => donor.Shift));
        Assert.All(Search(_folder.Path).Of(0), donor => Assert.Equal((_folder["a"], length), (donor.Path, donor.Length)));
    }

    [Fact]
    public void A_file_of_the_same_length_is_tried_once()
    {
        Lay("a", 100);
        DonorSearch search = Search(_folder.Path, _folder["a"], _folder.Path);
        Assert.Equal(0, Assert.Single(search.Of(0)).Shift);
    }

    [Fact]
    public void One_file_may_be_the_donor_of_several()
    {
        Lay("b", 100);
        Assert.Equal(["b"], Donors(0));
        Assert.Equal(["b"], Donors(1).Distinct());
    }

    [Fact]
    public void Empty_files_and_padding_neither_have_nor_are_donors()
    {
        Lay("pad", 30);
        Lay("empty", 0);
        Lay("a", 0);
        Assert.All(Enumerable.Range(0, 4), file => Assert.Empty(Donors(file)));
    }

    [Fact]
    public void Neither_the_torrents_own_files_nor_those_in_control_folders_are_donors()
    {
        Lay("own/a", 100);
        Lay(".torrentps/a", 100);
        DonorSearch search = new(_sample.Torrent, [_folder["own/a"]]);
        search.Look(_folder.Path);
        Assert.Empty(search.Of(0));
    }

    [Fact]
    public void Only_a_given_file_for_a_torrent_of_one_file_may_have_any_name_and_length()
    {
        Sample single = Sample.Make(16, 1, ("image.iso", 100));
        Lay("old version", 90);
        DonorSearch search = new(single.Torrent, []);
        search.Look(_folder.Path);
        Assert.Empty(search.Of(0));
        search.Look(_folder["old version"]);
        Assert.Empty(search.Of(0)); // it was tried already

        search = new(single.Torrent, []);
        search.Look(_folder["old version"]);
        Assert.Equal([0, -10], search.Of(0).Select(donor => donor.Shift));
        Assert.Empty(Search(_folder["old version"]).Of(0));
    }

    [Fact]
    public void Folders_are_searched_forty_deep()
    {
        string path = string.Concat(Enumerable.Repeat("d/", 40));
        Lay(path + "a", 100);
        Assert.Single(Donors(0));
        File.Delete(_folder[path + "a"]);
        Lay(path + "d/a", 100);
        Assert.Empty(Donors(0));
    }

    [Theory]
    [InlineData("not there")]
    [InlineData("a\0b")]
    [InlineData("")]
    public void Unreadable_places_have_no_donors(string root)
    {
        DonorSearch search = new(_sample.Torrent, []);
        search.Look(root.Length == 0 ? root : _folder.Path + Path.DirectorySeparatorChar + root);
        Assert.Empty(search.Of(0));
    }

    private DonorSearch Search(params string[] roots)
    {
        DonorSearch search = new(_sample.Torrent, []);
        foreach (string root in roots)
            search.Look(root);
        return search;
    }

    private string[] Donors(int file) => [.. Search(_folder.Path).Of(file).Select(donor => Path.GetRelativePath(_folder.Path, donor.Path).Replace('\\', '/'))];

    private void Lay(string path, int length)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[path])!);
        File.WriteAllBytes(_folder[path], new byte[length]);
    }
}
