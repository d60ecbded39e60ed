using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class PathSanitizerTests
{
    [Theory]
    [InlineData("a/b.txt", "a", "b.txt")]
    [InlineData("AC_DC/a_b", "AC/DC", "a\\b")]
    [InlineData("V_ The Series", "V: The Series")]
    [InlineData("a_b_c_d_e_f_g_h", "a<b>c:d\"e|f?g*h")]
    [InlineData("a_b_c_d", "a\tb\u0001c\u0085d")]
    [InlineData("a.txt", "a.txt. . ")]
    [InlineData("dir/x", "dir.", "x")]
    [InlineData("___/_", "...", "")]
    [InlineData("___", "...")]
    [InlineData("__/x", "  ", "x")]
    [InlineData("a/b", "", "a", ".", "b")]
    [InlineData("a/_", "a", "")]
    [InlineData("a/_", "a", ".")]
    [InlineData(" a", " a")]
    [InlineData(".hidden", ".hidden")]
    [InlineData("..a", "..a")]
    [InlineData("a..b", "a..b")]
    [InlineData("_CON", "CON")]
    [InlineData("_con.txt", "con.txt")]
    [InlineData("_nul .tar.gz", "nul .tar.gz")]
    [InlineData("_Aux/x", "Aux", "x")]
    [InlineData("_COM1", "COM1")]
    [InlineData("_LPT¹.x", "LPT¹.x")]
    [InlineData("_CONOUT$", "CONOUT$")]
    [InlineData("_CON", "CON. ")]
    [InlineData("CON_", "CON:")]
    [InlineData("console", "console")]
    [InlineData("COM", "COM")]
    [InlineData("COM10", "COM10")]
    [InlineData("LPTx", "LPTx")]
    [InlineData("gpj_.exe", "gpj\u202e.exe")]
    [InlineData("a_b_c_", "a\u200bb\ufeffc\u2066")]
    [InlineData("😀é日本", "😀é日本")]
    [InlineData("e\u0301", "e\u0301")]
    public void Repairs_names_that_are_invalid_on_some_system(string expected, params string[] components) =>
        Assert.Equal(expected, PathSanitizer.Sanitize(components));

    [Theory]
    [InlineData("..")]
    [InlineData("a", "..", "b")]
    [InlineData("a", "..")]
    [InlineData(" .. ")]
    [InlineData("../../etc/passwd")]
    [InlineData("..\\..\\x")]
    [InlineData("a/../b")]
    [InlineData("/etc/passwd")]
    [InlineData("a", "/etc")]
    [InlineData("\\\\server\\share")]
    [InlineData("\\\\?\\C:\\x")]
    [InlineData("C:")]
    [InlineData("c:\\windows")]
    [InlineData("a", "C:evil.exe")]
    [InlineData("a\0b")]
    public void Refuses_paths_that_lead_elsewhere(params string[] components)
    {
        TorrentException exception = Assert.Throws<TorrentException>(() => PathSanitizer.Sanitize(components));
        Assert.Equal(TorrentErrorId.UnsafePath, exception.ErrorId);
        Assert.DoesNotContain('\0', exception.Message);
    }

    [Fact]
    public void Replaces_lone_surrogates() => Assert.Equal("a_b_", PathSanitizer.Sanitize("a\ud800b\udc00"));

    [Fact]
    public void Shortens_long_names_and_keeps_them_apart()
    {
        string first = PathSanitizer.Sanitize(new string('é', 200) + "1.tar.mkv");
        string second = PathSanitizer.Sanitize(new string('é', 200) + "2.tar.mkv");
        Assert.NotEqual(first, second);
        Assert.InRange(Encoding.UTF8.GetByteCount(first), 250, 255);
        Assert.EndsWith(".mkv", first, StringComparison.Ordinal);
        Assert.Equal(first, PathSanitizer.Sanitize(new string('é', 200) + "1.tar.mkv"));
        Assert.Equal(new string('a', 255), PathSanitizer.Sanitize(new string('a', 255)));
        string plain = PathSanitizer.Sanitize(new string('a', 256));
        Assert.Equal(255, plain.Length);
        Assert.Contains('~', plain);
        Assert.True(Encoding.UTF8.GetByteCount(PathSanitizer.Sanitize("a." + new string('a', 300) + "😀")) <= 255);
    }

    [Fact]
    public void The_plain_method_gives_the_same_as_the_other()
    {
        string[] names = ["a", "a.txt", ".a", "a b", "Console", "comma", "null", "COM1", "nul.x", "a.", "a ", "", ".", "..", "a/b", "a:b", "\u007f", "~", "[x]"];
        foreach (string name in names)
        {
            var plain = new PathBuffer();
            plain.Append("dir");
            var other = new PathBuffer();
            other.Append("dir");
            if (!PathSanitizer.TryAppendPlain(plain, Encoding.UTF8.GetBytes(name)))
                continue;
            Assert.Null(PathSanitizer.Append(other, name, isLast: true));
            Assert.Equal(other.ToString(), plain.ToString());
        }
    }

    [Property(MaxTest = 3000)]
    public void Any_accepted_path_is_safe(string?[] components)
    {
        string path;
        try
        {
            path = PathSanitizer.Sanitize([.. components.Select(component => component ?? "")]);
        }
        catch (TorrentException)
        {
            return;
        }
        foreach (string part in path.Split('/'))
        {
            Assert.True(components.Length == 0 || part.Length > 0);
            Assert.False(part is "." or "..");
            Assert.DoesNotContain(part, c => char.IsControl(c) || "<>:\"|?*\\".Contains(c));
            Assert.False(part.EndsWith('.') || part.EndsWith(' '));
            Assert.True(Encoding.UTF8.GetByteCount(part) <= 255);
        }
        Assert.False(Path.IsPathRooted(path));
    }
}
