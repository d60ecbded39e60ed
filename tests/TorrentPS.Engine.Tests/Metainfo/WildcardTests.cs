using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class WildcardTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("**", "", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a**", "a", true)]
    [InlineData("*a*b*", "xaxbx", true)]
    [InlineData("*a*b", "xaxbx", false)]
    [InlineData("*ab", "aab", true)]
    [InlineData("a*", "ba", false)]
    [InlineData("?", "", false)]
    [InlineData("?", "a", true)]
    [InlineData("?", "ab", false)]
    [InlineData("a?", "a", false)]
    [InlineData("É*", "éx", true)]
    [InlineData("x\\?", "x/y", true)]
    [InlineData("x/?", "x\\y", false)]
    public void Stars_are_any_text_and_question_marks_one_character(string pattern, string text, bool isMatch) => Assert.Equal(isMatch, new Wildcard(pattern).IsMatch(text));

    [Theory]
    [InlineData("?`*b", "a*b", true)]
    [InlineData("?`*b", "axb", false)]
    [InlineData("?`", "a`", true)]
    [InlineData("?``", "a`", true)]
    [InlineData("?`A", "aa", true)]
    [InlineData("`[a]?", "[a]b", true)]
    [InlineData("`[a]?", "ab", false)]
    public void A_character_after_a_backtick_stands_for_itself(string pattern, string text, bool isMatch) => Assert.Equal(isMatch, new Wildcard(pattern).IsMatch(text));

    [Theory]
    [InlineData("[]]x", "]x", true)]
    [InlineData("[]a]x", "]x", true)]
    [InlineData("[]a]x", "ax", true)]
    [InlineData("[a-]x", "-x", true)]
    [InlineData("[a-]x", "ax", true)]
    [InlineData("[a-]x", "bx", false)]
    [InlineData("[a-c]x", "ax", true)]
    [InlineData("[a-c]x", "Bx", true)]
    [InlineData("[A-C]x", "cx", true)]
    [InlineData("[a-c]x", "dx", false)]
    [InlineData("[a-c]x", "-x", false)]
    [InlineData("[a-ce]x", "ex", true)]
    [InlineData("[a-ce]x", "dx", false)]
    [InlineData("[`]]x", "]x", true)]
    [InlineData("[`]]x", "`x", false)]
    [InlineData("[a`-c]x", "bx", false)]
    [InlineData("[a`-c]x", "-x", true)]
    [InlineData("*[a", "x[a", true)]
    [InlineData("*[a", "xa", false)]
    [InlineData("*[`", "x[`", true)]
    [InlineData("[ab]", "ab", false)]
    public void A_set_may_contain_brackets(string pattern, string text, bool isMatch) => Assert.Equal(isMatch, new Wildcard(pattern).IsMatch(text));

    [Fact]
    public void A_literal_name_matches_itself_even_with_brackets()
    {
        Assert.True(new Wildcard("[Group] *x?.mkv").IsMatch("[group] *X?.mkv"));
        Assert.True(new Wildcard("dir\\[a]").IsMatch("dir/[a]"));
        Assert.Throws<ArgumentNullException>("pattern", () => new Wildcard(null!));
    }
}
