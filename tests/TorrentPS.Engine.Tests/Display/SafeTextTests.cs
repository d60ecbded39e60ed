using System.Globalization;
using System.Text;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Tests.Display;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData("plain [name] – Ünïcode 日本語 👩‍💻 می‌خواهم ١٢٣.iso", "plain [name] – Ünïcode 日本語 👩‍💻 می‌خواهم ١٢٣.iso")]
    [InlineData("a\e[31mb", "a\\u001b[31mb")]
    [InlineData("a\e]0;title\ab", "a\\u001b]0;title\\u0007b")]
    [InlineData("a\r\nb\tc\0", "a\\u000d\\u000ab\\u0009c\\u0000")]
    [InlineData("csi \u009b2J del \u007f", "csi \\u009b2J del \\u007f")]
    [InlineData("exe.\u202Egpj", "exe.\\u202egpj")]
    [InlineData("\u2066a\u2069\u200Eb\u061C", "\\u2066a\\u2069\\u200eb\\u061c")]
    [InlineData("a\u2028b\u2029c", "a\\u2028b\\u2029c")]
    [InlineData("a\u200Bb\u2060c\uFEFFd\u00ADe\u180Ef", "a\\u200bb\\u2060c\\ufeffd\\u00ade\\u180ef")]
    [InlineData("a\u3164b\u034Fc", "a\\u3164b\\u034fc")]
    [InlineData("tag \U000E0041", "tag \\udb40\\udc41")]
    public void Escapes_text_that_could_control_a_terminal_or_mislead(string? text, string expected)
    {
        Assert.Equal(expected, SafeText.Escape(text));
        Assert.Equal(expected == (text ?? ""), SafeText.IsSafe(text));
    }

    [Fact]
    public void Escapes_halves_of_surrogate_pairs() => Assert.Equal("x\\ud83dy\\udc69", SafeText.Escape("x\ud83dy\udc69"));

    [Fact]
    public void No_control_separator_or_lone_surrogate_of_Unicode_passes()
    {
        foreach (int c in Enumerable.Range(0, 0x110000))
        {
            string text = c is >= 0xD800 and <= 0xDFFF ? ((char)c).ToString() : char.ConvertFromUtf32(c);
            string all = $"a{text}b", shown = SafeText.Escape(all);
            // A million times: too often for assertions that take a function or build text.
            if (!shown.All(half => IsHarmless(half)) || shown.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar && c != 0xFFFD) || shown != SafeText.Escape(shown) || shown == all != SafeText.IsSafe(text))
                Assert.Fail($"U+{c:X4} is shown as {shown}");
        }
    }

    private static bool IsHarmless(char half) =>
        half is >= ' ' and <= '~'
        || !(char.GetUnicodeCategory(half) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            || half is (>= '\u200B' and <= '\u200F' and not ('\u200C' or '\u200D')) or (>= '\u202A' and <= '\u202E') or (>= '\u2060' and <= '\u2064') or (>= '\u2066' and <= '\u206F') or '\uFEFF');

    [Theory]
    [InlineData("abc", 3, "abc")]
    [InlineData("abcd", 3, "ab…")]
    [InlineData("ab\nc", 6, "ab\\u0…")]
    [InlineData("a👩b", 3, "a…")]
    [InlineData("a👩b", 4, "a👩b")]
    [InlineData(null, 1, "")]
    public void Shortens_after_escaping_and_never_within_a_character(string? text, int length, string expected) => Assert.Equal(expected, SafeText.Shorten(text, length));

    [Fact]
    public void Messages_of_the_engines_exceptions_are_safe() =>
        Assert.Equal("no '\\u001b[2J\\u202e'", new TorrentException(TorrentErrorId.InvalidTorrent, "no '\e[2J\u202E'").Message);
}
