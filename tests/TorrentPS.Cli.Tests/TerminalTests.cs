using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli.Tests;

public sealed class TerminalTests
{
    private const string Evil = "a\e[31m\u009b2J\r\nb\u202Ec\ud800";
    private const string Shown = "a\\u001b[31m\\u009b2J\\u000d\\u000ab\\u202ec\\ud800";

    [Fact]
    public async Task Errors_are_one_escaped_line()
    {
        (int code, string output, string error) = await RecordingTerminal.RunAsync("info", "no\e[2J\nsuch.torrent");
        Assert.Equal(3, code);
        Assert.Empty(output);
        Assert.Equal("torrentps: TorrentNotFound: The file does not exist: no\\u001b[2J\\u000asuch.torrent" + Environment.NewLine, error);
    }

    [Theory]
    [InlineData("x", "The file does not exist", "The file does not exist: x")]
    [InlineData("x", "'x' does not exist", "'x' does not exist")]
    [InlineData("x", "There is no x", "There is no x")]
    [InlineData("a/x", "There is no b/a/x1, and no a/x", "There is no b/a/x1, and no a/x")]
    [InlineData("a/x", "There is no a/x1", "There is no a/x1: a/x")]
    public void The_subject_of_an_error_is_named_once(string subject, string message, string expected)
    {
        using var terminal = new RecordingTerminal();
        terminal.WriteError(TorrentErrorId.NoPeers, message, subject);
        Assert.Equal($"torrentps: NoPeers: {expected}\n", terminal.ErrorText);
    }

    [Fact]
    public void All_output_is_escaped()
    {
        using var terminal = new RecordingTerminal { IsDebugging = true };
        terminal.WriteLine(Evil);
        terminal.WriteLines([Evil, "b"]);
        Assert.Equal($"{Shown}\n{Shown}\nb\n", terminal.OutText);
        terminal.WriteMessage(Evil);
        terminal.WriteToError(Evil);
        terminal.WriteError(TorrentErrorId.NoPeers, Evil, Evil);
        Assert.Equal($"torrentps: {Shown}\n{Shown}\ntorrentps: NoPeers: {Shown}\n", terminal.ErrorText);
        terminal.WriteUnexpected(new IOException(Evil));
        terminal.WriteTrace(new IOException(Evil));
        Assert.DoesNotContain(terminal.ErrorText, character => char.IsControl(character) && character != '\n');
    }
}
