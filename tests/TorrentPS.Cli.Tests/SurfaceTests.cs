using System.CommandLine;

namespace TorrentPS.Cli.Tests;

public sealed class SurfaceTests
{
    [Fact]
    public void The_command_line_matches_its_file()
    {
        using var terminal = new RecordingTerminal();
        Command root = CommandTree.Parse([], terminal).RootCommandResult.Command;
        Assert.Null(SurfaceFile.Difference("CommandLine", [.. Lines(root, "torrentps"), .. Enum.GetValues<ExitCode>().Select(code => $"exit code {(int)code} is {code}")]));
    }

    private static IEnumerable<string> Lines(Command command, string name)
    {
        yield return name + Others(command.Aliases);
        for (int i = 0; i < command.Arguments.Count; i++)
            yield return $"{name} argument {i}: {command.Arguments[i].Name} ({Arity(command.Arguments[i].Arity)}, {TypeName(command.Arguments[i].ValueType)})";
        foreach (Option option in command.Options)
            yield return $"{name} {option.Name}{Others(option.Aliases)}{(option.HelpName is { } value ? $" {value}" : "")} ({Arity(option.Arity)}, {TypeName(option.ValueType)}{(option.Required ? ", required" : "")}{(option.Recursive ? ", everywhere" : "")})";
        foreach (string line in command.Subcommands.SelectMany(child => Lines(child, $"{name} {child.Name}")))
            yield return line;
    }

    private static string Others(ICollection<string> aliases) => string.Concat(aliases.Order(StringComparer.Ordinal).Select(alias => $" = {alias}"));

    private static string Arity(ArgumentArity arity) => $"{arity.MinimumNumberOfValues} to {(arity.MaximumNumberOfValues > 1000 ? "many" : arity.MaximumNumberOfValues)}";

    private static string TypeName(Type type) => Nullable.GetUnderlyingType(type) is { } underlying ? $"{underlying.Name}?" : type.Name;
}
