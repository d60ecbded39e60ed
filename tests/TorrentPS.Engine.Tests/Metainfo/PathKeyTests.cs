using System.Text;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

/// <summary>Keys of names that some file system treats as equal.</summary>
public sealed class PathKeyTests
{
    // The ranges of Unicode's Default_Ignorable_Code_Point.
    private static readonly (int First, int Last)[] s_ignored =
    [
        (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F),
        (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    ];

    [Fact]
    public void Invisible_characters_make_no_difference_and_their_neighbours_do()
    {
        foreach ((int first, int last) in s_ignored)
        {
            Assert.All((int[])[first, last], value => Assert.Equal(PathKey.Of("aü"), PathKey.Of($"a{new Rune(value)}ü")));
            Assert.All((int[])[first - 1, last + 1], value => Assert.NotEqual(PathKey.Of("aü"), PathKey.Of($"a{new Rune(value)}ü")));
        }
    }

    [Theory]
    [InlineData("\u00DF", "ss")]
    [InlineData("\u1E9E", "SS")]
    [InlineData("\u0149", "\u02BCn")]
    [InlineData("\u017F", "s")]
    [InlineData("\u0345", "\u03B9")]
    [InlineData("\u0587", "\u0565\u0582")]
    [InlineData("\uFB00", "ff")]
    [InlineData("\uFB01", "fi")]
    [InlineData("\uFB02", "fl")]
    [InlineData("\uFB03", "ffi")]
    [InlineData("\uFB04", "ffl")]
    [InlineData("\uFB05", "st")]
    [InlineData("\uFB06", "st")]
    [InlineData("\uFB13", "\u0574\u0576")]
    [InlineData("\uFB14", "\u0574\u0565")]
    [InlineData("\uFB15", "\u0574\u056B")]
    [InlineData("\uFB16", "\u057E\u0576")]
    [InlineData("\uFB17", "\u0574\u056D")]
    [InlineData("\uAC00", "\u1100\u1161")]
    [InlineData("\uAC1B", "\u1100\u1161\u11C2")]
    [InlineData("\uAC1C", "\u1100\u1162")]
    [InlineData("\uD7A3", "\u1112\u1175\u11C2")]
    [InlineData("\u00E9\u0323", "e\u0323\u0301")]
    [InlineData("\u0301a\u0323\u0301", "\u0301a\u0301\u0323")]
    [InlineData("\U0001044F", "\U00010427")]
    public void Two_names_of_one_file_have_one_key(string first, string second) => Assert.Equal(PathKey.Of($"ü/{first}"), PathKey.Of($"Ü/{second}"), ignoreCase: true);

    [Theory]
    [InlineData("\uAC00", "\uAC01")]
    [InlineData("\uABFF", "\uAC00")]
    [InlineData("\uD7A2", "\uD7A3")]
    [InlineData("\u0301a", "a\u0301")]
    [InlineData("a\u0301b\u0323", "a\u0323b\u0301")]
    [InlineData("ba", "ab")]
    public void Two_names_of_two_files_have_two(string first, string second) => Assert.NotEqual(PathKey.Of($"ü/{first}"), PathKey.Of($"ü/{second}"), StringComparer.OrdinalIgnoreCase);

    [Fact]
    public void A_path_in_ASCII_is_its_own_key() => Assert.Equal("Dir/a File.txt", PathKey.Of("Dir/a File.txt"));
}
