using System.CommandLine;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps info SOURCE...</c>: shows the contents of torrents.</summary>
internal static class InfoCommand
{
    public static Command Create(Terminal terminal)
    {
        var sources = new Argument<string[]>("SOURCE")
        {
            Description = "Paths or http(s) addresses of .torrent files, or magnet links.",
            Arity = ArgumentArity.OneOrMore,
        };
        sources.Validators.Add(OptionFactory.RefuseUnknownOptions);
        Option<bool> json = OptionFactory.Json();
        var command = new Command("info", "Show a torrent's name, size, pieces, trackers and files.") { sources, json };
        var route = new RouteOptions(command, hasPeers: false);
        command.SetAction(terminal, (result, cancellationToken) => RunAsync(terminal, result.GetRequiredValue(sources), result.GetValue(json), route.Apply(new TorrentClientOptions(), result, terminal), cancellationToken));
        return command;
    }

    private static async Task<ExitCode> RunAsync(Terminal terminal, string[] sources, bool json, TorrentClientOptions clientOptions, CancellationToken cancellationToken)
    {
        ExitCode first = ExitCode.Done;
        bool isFirst = true;
        foreach (string source in sources)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ExitCode code = await CommandAction.RunAsync(terminal, async () =>
            {
                TorrentInfo torrent = await TorrentSource.ReadAsync(source, clientOptions, cancellationToken).ConfigureAwait(false);
                if (!isFirst && !json)
                    terminal.WriteLine("");
                isFirst = false;
                if (json)
                    terminal.WriteLine(TorrentJson.Line(torrent));
                else
                    TorrentReport.Write(terminal, torrent);
                return ExitCode.Done;
            }, cancellationToken, source).ConfigureAwait(false);
            if (first == ExitCode.Done)
                first = code;
        }
        return first;
    }
}
