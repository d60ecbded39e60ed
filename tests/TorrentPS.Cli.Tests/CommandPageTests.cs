using System.CommandLine;
using System.Text.RegularExpressions;

namespace TorrentPS.Cli.Tests;

/// <summary>The README and docs/command-line.md name exactly the existing commands and options; so does the help.</summary>
public sealed partial class CommandPageTests
{
    private static readonly string[] s_common = ["--help", "--version"];

    private static string Readme { get; } = Read("README.md");

    private static string Page { get; } = Read("docs", "command-line.md");

    public static TheoryData<string> Commands => [.. Root().Subcommands.Select(command => command.Name)];

    [Fact]
    public void The_table_in_the_README_has_the_commands() =>
        Assert.Equal(Root().Subcommands.Select(command => command.Name), ReadmeCommand().Matches(Readme).Select(match => match.Groups[1].Value));

    [Fact]
    public void The_page_has_the_commands() =>
        Assert.Equal(Root().Subcommands.Select(command => command.Name), PageCommand().Matches(Page).Select(match => match.Groups[1].Value));

    [Fact]
    public void The_tables_in_the_README_have_each_option_once()
    {
        string table = Readme[Readme.IndexOf("| options |", StringComparison.Ordinal)..];
        table = table[..table.IndexOf("\n\n", StringComparison.Ordinal)];
        Assert.Equal(
            Root().Subcommands.SelectMany(OptionsOf).Select(option => option.Name).Distinct().Order(StringComparer.Ordinal),
            OptionName().Matches(table).Select(match => match.Value).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_page_describes_each_option_like_the_help(string name)
    {
        Command command = Root().Subcommands.Single(one => one.Name == name);
        string section = Section(name);
        Assert.Contains($"`: {char.ToLowerInvariant(command.Description![0])}{command.Description[1..]}\n", section);
        Assert.Equal(
            OptionsOf(command).Select(option => $"{Syntax(option)} | {option.Description}").Order(StringComparer.Ordinal),
            PageOption().Matches(section).Select(match => $"{match.Groups[1].Value} | {match.Groups[2].Value}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("info", "--json")]
    [InlineData("peers", "--json --timeout --tracker")]
    [InlineData("handshake", "--peer --info-hash --json --timeout")]
    [InlineData("download", "--output --peer --port --max-peers --include --exclude --sequential --download-limit --upload-limit --seed-ratio --seed-seconds --timeout --stall-timeout --recheck --no-dht --no-pex --no-lsd --encryption --json --quiet")]
    [InlineData("seed", "--data --port --peer --max-peers --upload-limit --seed-ratio --timeout --encryption --no-dht --no-pex --no-lsd --json")]
    [InlineData("create", "--output --tracker --piece-length --private --comment --version --web-seed --json")]
    [InlineData("verify", "--data --json")]
    [InlineData("tracker", "--address --port")]
    [InlineData("demo", "")]
    public async Task The_help_has_the_commands_and_options_that_scripts_rely_on(string command, string options)
    {
        (int code, string output, string error) = await RecordingTerminal.RunAsync("help");
        Assert.Equal((0, ""), (code, error));
        Assert.Matches($@"(?m)^  {command}( <\w+>)?  +\w", output);
        (code, output, error) = await RecordingTerminal.RunAsync("help", command);
        Assert.Equal((0, ""), (code, error));
        foreach (string option in options.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            Assert.Matches($@"(?m)^  (-\w, )?{option}( <[^>]+>)?( \(REQUIRED\))?  +\w", output);
        Assert.Equal(output, (await RecordingTerminal.RunAsync(command, "--help")).Out);
    }

    private static RootCommand Root() => (RootCommand)CommandTree.Parse([], new RecordingTerminal()).CommandResult.Command;

    private static IEnumerable<Option> OptionsOf(Command command) => command.Options.Where(option => !s_common.Contains(option.Name) || option.HelpName is not null);

    private static string Syntax(Option option)
    {
        string names = string.Join(", ", option.Aliases.Where(alias => alias.Length == 2).Append(option.Name));
        return option.HelpName is { } value ? $"{names} {value.Replace('|', '/')}" : names;
    }

    private static string Section(string command)
    {
        int start = Page.IndexOf($"\n### {command}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"docs/command-line.md has no part about {command}.");
        int end = Page.IndexOf("\n### ", start + 1, StringComparison.Ordinal);
        return end < 0 ? Page[start..] : Page[start..end];
    }

    private static string Read(params string[] path)
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "TorrentPS.sln")))
            folder = Path.GetDirectoryName(folder);
        return File.ReadAllText(Path.Combine([folder ?? throw new DirectoryNotFoundException("TorrentPS.sln is in no folder above the tests."), .. path])).ReplaceLineEndings("\n");
    }

    [GeneratedRegex(@"(?m)^\| `torrentps (\w+)")]
    private static partial Regex ReadmeCommand();

    [GeneratedRegex(@"(?m)^### (\w+)$")]
    private static partial Regex PageCommand();

    [GeneratedRegex(@"--[a-z][a-z-]*")]
    private static partial Regex OptionName();

    [GeneratedRegex(@"(?m)^\| `([^`]+)` \| (.*) \|$")]
    private static partial Regex PageOption();
}
