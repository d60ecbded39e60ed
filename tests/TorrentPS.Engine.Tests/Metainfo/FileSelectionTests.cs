using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class FileSelectionTests
{
    private static readonly string[] s_paths = ["dir/a.mkv", "dir/b.txt", "dir/Sub/C.MKV", "dir/Sub/[Group] d.srt"];

    [Theory]
    [InlineData("*.mkv", "1010")]
    [InlineData("*", "1111")]
    [InlineData("dir/*", "1111")]
    [InlineData("Sub/*", "0011")]
    [InlineData("sub\\*", "0011")]
    [InlineData("dir\\sub\\c.mkv", "0010")]
    [InlineData("c.mkv", "0010")]
    [InlineData("?.mkv", "1010")]
    [InlineData("[ab].*", "1100")]
    [InlineData("[a-b].*", "1100")]
    [InlineData("[A-B].*", "1100")]
    [InlineData("[Group] d.srt", "0001")]
    [InlineData("`[Group`]*", "0001")]
    [InlineData("*d*", "1111")]
    [InlineData("*.mkv|b.*", "1110")]
    [InlineData("a.mkv*", "1000")]
    public void Includes_matching_files(string patterns, string expected) =>
        Assert.Equal(expected, Show(FileSelection.Select(Make(), patterns.Split('|'), null)));

    [Fact]
    public void Excludes_after_including()
    {
        Assert.Equal("1000", Show(FileSelection.Select(Make(), ["*.mkv"], ["sub/*"])));
        Assert.Equal("1011", Show(FileSelection.Select(Make(), null, ["*.txt"])));
        Assert.Equal("1111", Show(FileSelection.Select(Make(), null, null)));
        Assert.Equal("1111", Show(FileSelection.Select(Make(), [], [])));
    }

    [Theory]
    [InlineData("*.avi")]
    [InlineData("")]
    [InlineData("mkv")]
    [InlineData("dir")]
    [InlineData("[ab")]
    [InlineData("[c-d].txt")]
    public void Lists_the_files_when_nothing_matches(string pattern)
    {
        TorrentException exception = Assert.Throws<TorrentException>(() => FileSelection.Select(Make(), [pattern], null));
        Assert.Contains("'a.mkv', 'b.txt', 'Sub/C.MKV', 'Sub/[Group] d.srt'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shows_five_names_and_that_there_are_more()
    {
        TorrentException five = Assert.Throws<TorrentException>(() => FileSelection.Select(Make(new TorrentFile("dir/.pad/1", 1, 4, 4) { IsPadding = true }, new TorrentFile("dir/e", 1, 5, 5)), ["x"], null));
        Assert.Equal("No file of 'dir' is left by what is to be included and excluded. Its files are 'a.mkv', 'b.txt', 'Sub/C.MKV', 'Sub/[Group] d.srt', 'e'.", five.Message);
        TorrentException six = Assert.Throws<TorrentException>(() => FileSelection.Select(Make(new TorrentFile("dir/e", 1, 4, 4), new TorrentFile("dir/f", 1, 5, 5)), ["x"], null));
        Assert.EndsWith("'Sub/[Group] d.srt', 'e', …", six.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_file_has_its_name_and_no_folder()
    {
        Torrent single = Torrent.Parse("d4:infod6:lengthi1e4:name5:a.mkv12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee"u8.ToArray());
        Assert.Equal([true], FileSelection.Select(single, ["a.*"], null));
        Assert.Equal([true], FileSelection.Select(single, ["?.mkv"], ["mkv"]));
        Assert.Contains("Its files are 'a.mkv'.", Assert.Throws<TorrentException>(() => FileSelection.Select(single, null, ["*"])).Message);
    }

    [Fact]
    public void A_magnet_links_selection_applies_without_a_pattern()
    {
        Torrent Linked(string selection) => Torrent.ParseInfo("d5:filesld6:lengthi1e4:pathl1:aeed6:lengthi1e4:pathl1:beee4:name1:n12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae"u8.ToArray(), MagnetLink.Parse($"magnet:?xt=urn:btih:{new string('0', 40)}{selection}"));
        Assert.Equal([false, true], FileSelection.Select(Linked("&so=1"), null, null));
        Assert.Equal([true, true], FileSelection.Select(Linked(""), null, null));
        Assert.Equal([true, false], FileSelection.Select(Linked("&so=1"), ["a"], null));
        Assert.Throws<TorrentException>(() => FileSelection.Select(Linked("&so=2"), null, null));
        Assert.Throws<TorrentException>(() => FileSelection.Select(Linked("&so=1"), null, ["b"]));
    }

    [Fact]
    public void Never_wants_padding()
    {
        Torrent torrent = Make(new TorrentFile("dir/.pad/5", 5, 4, 4) { IsPadding = true });
        Assert.Equal("11110", Show(FileSelection.Select(torrent, null, null)));
        Assert.Throws<TorrentException>(() => FileSelection.Select(torrent, [".pad/*"], null));
    }

    [Fact]
    public void Many_stars_take_no_exponential_time()
    {
        var pattern = new Wildcard(string.Concat(Enumerable.Repeat("a*", 50)) + "b");
        Assert.False(pattern.IsMatch(new string('a', 5000)));
        Assert.True(pattern.IsMatch(new string('a', 5000) + "b"));
    }

    private static Torrent Make(params TorrentFile[] more) => new()
    {
        Name = "dir",
        InfoHash = InfoHash.Create(new byte[20]),
        Version = TorrentVersion.V1,
        PieceLength = 16384,
        PieceCount = 1,
        Length = 4 + more.Sum(file => file.Length),
        IsSingleFile = false,
        InfoBytes = default,
        Files = [.. s_paths.Select((path, i) => new TorrentFile(path, 1, i, i)), .. more],
    };

    private static string Show(bool[] wanted) => string.Concat(wanted.Select(value => value ? '1' : '0'));
}
