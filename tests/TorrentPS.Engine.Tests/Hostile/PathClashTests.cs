using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>Different names that are one file to some file system: each file gets a separate path, the same on every system.</summary>
public sealed class PathClashTests
{
    [Theory]
    [InlineData("a", "a")]
    [InlineData("README", "readme")]
    [InlineData("é", "e\u0301")]
    [InlineData("É", "e\u0301")]
    [InlineData("Å", "A\u030a")]
    [InlineData("\u212b", "å")]
    [InlineData("\u1ec7", "e\u0302\u0323")]
    [InlineData("ệ.txt", "e\u0323\u0302.TXT")]
    [InlineData("가", "\u1100\u1161")]
    [InlineData("각", "\u1100\u1161\u11a8")]
    [InlineData("각", "가\u11a8")]
    [InlineData("\u212a", "k")]
    [InlineData("straße", "STRASSE")]
    [InlineData("ﬁle", "file")]
    [InlineData("ΣΑΣ", "σας")]
    [InlineData("ᾳ", "\u03b1\u0345")]
    [InlineData("a\u00adb", "ab")]
    [InlineData("\u2764\ufe0f", "\u2764")]
    [InlineData("\u0958", "\u0915\u093c")]
    [InlineData("\uf900", "\u8c48")]
    [InlineData("\U0002f800", "\u4e3d")]
    [InlineData("\U0001d15e", "\U0001d157\U0001d165")]
    [InlineData("\U00010400", "\U00010428")]
    [InlineData("x?", "x*")]
    [InlineData("x.", "x")]
    [InlineData("CON", "_con")]
    public void Two_names_of_one_file(string first, string second)
    {
        string[] paths = Paths(first, second);
        Assert.NotEqual(paths[0], paths[1], StringComparer.OrdinalIgnoreCase);
        Assert.Contains(" (1)", paths[1]);
        Assert.DoesNotContain(" (1)", paths[0]);
    }

    [Theory]
    [InlineData("é", "e")]
    [InlineData("é", "è")]
    [InlineData("o", "ø")]
    [InlineData("가", "나")]
    [InlineData("ı", "i")]
    [InlineData("日", "曰")]
    public void Two_names_of_two_files(string first, string second) => Assert.Equal([$"T/{first}", $"T/{second}"], Paths(first, second));

    [Fact]
    public void A_file_in_the_place_of_a_folder_is_an_error()
    {
        Assert.Equal(["T/a (1)", "T/a/b"], Paths("a", "a/b"));
        Assert.Equal(["T/a/b", "T/A (1)"], Paths("a/b", "A"));
        Assert.Equal(["T/e\u0301 (1)", "T/é/x"], Paths("e\u0301", "é/x"));
    }

    [Fact]
    public void All_of_them_are_written()
    {
        Torrent torrent = Torrent.ParseInfo(HostileTorrents.Files("T", "a", "A", "a", "a/b", "é", "e\u0301", "é/x", "CON", "_CON"), null);
        using TemporaryFolder folder = new();
        using DataStore store = new(torrent, folder.Path, [.. torrent.Files.Select(_ => true)]);
        store.Prepare();
        Assert.Equal(torrent.Files.Count, Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void The_table_matches_Unicode()
    {
        Assert.SkipWhen("e\u0301".Normalize() != "\u00e9", "there is no ICU here to compare with");
        for (int value = 0x80; value < 0x30000; value++)
        {
            if (!Rune.IsValid(value) || Rune.GetUnicodeCategory(new Rune(value)) == System.Globalization.UnicodeCategory.OtherNotAssigned)
                continue;
            string text = new Rune(value).ToString(), apart = text.Normalize(NormalizationForm.FormD);
            Assert.True(PathKey.Of($"X{text}") == PathKey.Of($"X{apart}"), $"U+{value:X4}");
            Assert.True(PathKey.Of($"X{text}\u0301\u0323") == PathKey.Of($"X{apart}\u0323\u0301"), $"U+{value:X4} with marks");
        }
    }

    [Fact]
    public void A_name_that_consists_of_marks_takes_no_extra_time()
    {
        string[] paths = [.. Enumerable.Range(0, 2000).Select(i => string.Concat(Enumerable.Repeat($"{new string('\u0301', 60)}{new string('\u0300', 60)}{i}/", 15)) + "x")];
        Torrent torrent = Torrent.ParseInfo(HostileTorrents.Files("T", paths), null);
        Assert.Equal(2000, torrent.Files.Select(file => file.Path).Distinct().Count());
    }

    private static string[] Paths(params string[] names) => [.. Torrent.ParseInfo(HostileTorrents.Files("T", names), null).Files.Select(file => file.Path)];
}
