using System.CommandLine;
using System.CommandLine.Parsing;
using TorrentPS.Cli.Commands;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;

namespace TorrentPS.Cli;

/// <summary>The commands, and the execution of a command line.</summary>
internal static class CommandTree
{
    private static readonly string[] s_rootOptions = ["-h", "-?", "/h", "/?", "--help", "--version"];

    /// <summary>Runs a command line. Never throws.</summary>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            ParseResult result = Parse(args, terminal);
            if (result.Errors.Count == 0 && EmptyValue(result.CommandResult) is { } empty)
            {
                terminal.WriteMessage($"The value of {empty} is empty.");
                terminal.WriteToError($"Try '{HelpCommand(result)} --help'.");
                return (int)ExitCode.Usage;
            }

            if (result.Errors.Count == 0)
                return await result.InvokeAsync(Configuration(terminal.Out, terminal.Error), cancellationToken).ConfigureAwait(false);

            if (args.Length == 0)
            {
                await Parse(["--help"], terminal).InvokeAsync(Configuration(terminal.Error, terminal.Error), cancellationToken).ConfigureAwait(false);
                return (int)ExitCode.Usage;
            }
            // The unmatched tokens explain more than the general error.
            foreach (ParseError error in result.Errors.Skip(result.CommandResult.Command is RootCommand && result.Errors.Count > 1 ? 1 : 0))
                terminal.WriteMessage(error.Message);
            terminal.WriteToError($"Try '{HelpCommand(result)} --help'.");
            return (int)ExitCode.Usage;
        }
        catch (Exception e)
        {
            terminal.WriteUnexpected(e);
            return (int)ExitCode.Unexpected;
        }
    }

    /// <summary>
    /// The option or argument that is empty, as from an unset variable of a script; null if there is none. Paths, addresses and patterns cannot be empty. A comment may
    /// be.
    /// </summary>
    private static string? EmptyValue(CommandResult command)
    {
        foreach (SymbolResult child in command.Children)
        {
            string? name = child switch
            {
                ArgumentResult argument => argument.Argument.Name,
                OptionResult option when option.Option.Name != CreateCommand.CommentOption => option.Option.Name,
                _ => null,
            };
            if (name is not null && child.Tokens.Any(token => token.Value.Length == 0))
                return name;
        }

        return null;
    }

    private static InvocationConfiguration Configuration(TextWriter output, TextWriter error) => new()
    {
        // Errors and signals are handled here, where the exit codes are known.
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = null,
        Output = output,
        Error = error,
    };

    internal static ParseResult Parse(string[] args, Terminal terminal)
    {
        RootCommand root = Create(terminal);
        return root.Parse(Expand(root, args));
    }

    /// <summary>
    /// <c>torrentps FILE.torrent</c> is <c>torrentps download FILE.torrent</c>, with its options before or after the file; <c>torrentps help COMMAND</c> is <c>torrentps
    /// COMMAND --help</c>.
    /// </summary>
    private static string[] Expand(RootCommand root, string[] args)
    {
        if (args is ["help", .. var about] && !File.Exists("help"))
            return [.. about, "--help"];
        if (args is not [var first, ..] || s_rootOptions.Contains(first, StringComparer.Ordinal))
            return args;
        foreach (Command command in root.Subcommands)
        {
            if (command.Name == first)
                return args;
        }
        return first.StartsWith('-') || LooksLikeSource(first) ? ["download", .. args] : args;
    }

    private static bool LooksLikeSource(string text) =>
        TorrentSource.IsMagnet(text) || TorrentSource.IsWebAddress(text)
        || text.EndsWith(".torrent", StringComparison.OrdinalIgnoreCase) || File.Exists(text);

    private static string HelpCommand(ParseResult result) =>
        result.CommandResult.Command is RootCommand ? "torrentps" : $"torrentps {result.CommandResult.Command.Name}";

    private static RootCommand Create(Terminal terminal) =>
        new("Downloads, checks and shares torrents. 'torrentps FILE.torrent' is the short form of 'torrentps download FILE.torrent'.")
        {
            InfoCommand.Create(terminal),
            PeersCommand.Create(terminal),
            HandshakeCommand.Create(terminal),
            DownloadCommand.Create(terminal),
            SeedCommand.Create(terminal),
            CreateCommand.Create(terminal),
            VerifyCommand.Create(terminal),
            TrackerCommand.Create(terminal),
            SwarmCommand.Create(terminal),
            DemoCommand.Create(terminal),
        };
}
