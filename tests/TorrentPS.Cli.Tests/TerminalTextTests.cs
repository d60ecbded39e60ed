using TorrentPS.Cli.Output;

namespace TorrentPS.Cli.Tests;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("plain [name] – Ünïcode 日本語 👩‍💻.iso", "plain [name] – Ünïcode 日本語 👩‍💻.iso")]
    [InlineData("a\e[31mb", "a\\u001b[31mb")]
    [InlineData("a\r\nb\tc\0", "a\\u000d\\u000ab\\u0009c\\u0000")]
    [InlineData("csi \u009b2J del \u007f", "csi \\u009b2J del \\u007f")]
    [InlineData("exe.\u202Egpj", "exe.\\u202egpj")]
    public void Escapes_what_could_steer_a_terminal(string? text, string expected) => Assert.Equal(expected, TerminalText.Escape(text));

    [Fact]
    public void Escapes_halves_of_surrogate_pairs() => Assert.Equal("x\\ud83dy\\udc69", TerminalText.Escape("x\ud83dy\udc69"));

    [Fact]
    public void Shortens_after_escaping() => Assert.Equal("ab\\u0…", TerminalText.Shorten("ab\nc", 6));

    [Fact]
    public async Task Errors_are_one_escaped_line()
    {
        (int code, string output, string error) = await RecordingTerminal.RunAsync("info", "no\e[2J\nsuch.torrent");
        Assert.Equal(3, code);
        Assert.Empty(output);
        Assert.Equal("torrentps: TorrentNotFound: There is no such file: no\\u001b[2J\\u000asuch.torrent\n", error);
    }
}
