using TorrentPS.Engine.Bencoding;
using TorrentPS.Formatting;

namespace TorrentPS.Tests.Formatting;

public sealed class ByteStringTextTests
{
    [Fact]
    public void Text_is_shown_as_text_and_cannot_control_the_terminal()
    {
        Assert.Equal("ünï 😀", ByteStringText.Show(new ByteString("ünï 😀")));
        Assert.Equal("a\\u001b[31m\\u000ab", ByteStringText.Show(new ByteString("a\u001b[31m\nb")));
        Assert.Equal("", ByteStringText.Show(new ByteString("")));
    }

    [Fact]
    public void Other_bytes_are_shown_as_digits_and_many_are_cut()
    {
        Assert.Equal("0xff00", ByteStringText.Show(new ByteString([0xFF, 0])));
        Assert.Equal($"0x{new string('f', 64)}", ByteStringText.Show(new ByteString(Enumerable.Repeat((byte)0xFF, 32).ToArray())));
        Assert.Equal($"0x{new string('f', 64)}... (33 bytes)", ByteStringText.Show(new ByteString(Enumerable.Repeat((byte)0xFF, 33).ToArray())));
    }
}
