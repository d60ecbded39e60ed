using System.CommandLine;
using TorrentPS.Cli.Demo;
using TorrentPS.Cli.Output;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps demo</c>: a payload, a tracker, seeders and a download, all on this machine.</summary>
internal static class DemoCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("demo", "Create a payload, a tracker and seeds on this machine, download, and compare every byte.");
        command.SetAction(terminal, async (_, cancellationToken) =>
        {
            string folder = Directory.CreateTempSubdirectory("torrentps-demo-").FullName;
            try
            {
                return await new DemoSwarm(terminal, folder).RunAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Remove(folder, terminal);
            }
        });
        return command;
    }

    private static void Remove(string folder, Terminal terminal)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A scanner of new files may have one open, which Windows then does not remove.
            terminal.WriteMessage($"'{folder}' could not be removed: {e.Message}");
        }
    }
}
