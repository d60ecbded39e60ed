using System.CommandLine;
using TorrentPS.Cli.Output;

namespace TorrentPS.Cli.Commands;

/// <summary>The common part of all commands: errors become one line on standard error and an exit code.</summary>
internal static class CommandAction
{
    public static void SetAction(this Command command, Terminal terminal, Func<ParseResult, CancellationToken, Task<ExitCode>> action) =>
        command.SetAction(async (result, cancellationToken) => (int)await RunAsync(terminal, () => action(result, cancellationToken), cancellationToken).ConfigureAwait(false));

    /// <summary>Runs a part of a command whose errors name its subject.</summary>
    public static async Task<ExitCode> RunAsync(Terminal terminal, Func<Task<ExitCode>> action, CancellationToken cancellationToken, string? subject = null)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            terminal.WriteMessage("Interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (Foreseen.Explain(e) is { } error)
        {
            terminal.WriteError(error, subject);
            return ExitCodes.Of(error.ErrorId);
        }
        catch (Exception e)
        {
            terminal.WriteUnexpected(e);
            return ExitCode.Unexpected;
        }
    }
}
