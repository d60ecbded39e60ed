using System.CommandLine;
using TorrentPS.Cli.Output;
using TorrentPS.Engine.Swarm;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps download SOURCE</c>: downloads and verifies the data, and resumes an earlier run.</summary>
internal sealed class DownloadCommand
{
    private readonly Terminal _terminal;
    private readonly Argument<string> _source = OptionFactory.Source();
    private readonly Option<string?> _output = new("--output", "-o") { Description = "The folder to download to; the current directory by default.", HelpName = "DIR" };
    private readonly Option<string[]?> _include = OptionFactory.Globs("--include", "Download only files whose path matches; may be given several times.");
    private readonly Option<string[]?> _exclude = OptionFactory.Globs("--exclude", "Exclude files whose path matches; may be given several times.");
    private readonly Option<string[]?> _reuseFrom = new("--reuse-from")
    {
        Description = "A file or folder that may contain some of the same data, such as an earlier version, to copy instead of downloading; may be given several times.",
        HelpName = "PATH",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _force = new("--force") { Description = "Overwrite existing files that do not belong to the torrent." };
    private readonly Option<bool> _sequential = new("--sequential") { Description = "Download pieces in order, after those at the start and end of each file." };
    private readonly Option<bool> _noWebSeeds = new("--no-web-seeds") { Description = "Do not use the torrent's web seeds." };
    private readonly Option<Uri[]?> _webSeeds = OptionFactory.WebSeeds("Download from this web server, too: the address of the torrent's file, or of the folder that contains it; may be given several times.");
    private readonly Option<double?> _webSeedDelay = OptionFactory.Seconds("--web-seed-delay", "How long web seeds wait for peers to send the data (0).", zero: true);
    private readonly Option<long?> _downloadLimit = OptionFactory.Rate("--download-limit", "The maximum download rate per second: 500KB, 5MB, 1MiB; 0 means no limit.");
    private readonly Option<double?> _seedSeconds = OptionFactory.Seconds("--seed-seconds", "Upload this long after completion.", zero: true);
    private readonly Option<double?> _staySeconds = OptionFactory.Seconds("--stay-seconds", "After completion, stay at most this long for peers that need pieces no other peer has (30).", zero: true);
    private readonly Option<double?> _stallTimeout = OptionFactory.Seconds("--stall-timeout", "End if no data arrives for this long.");
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Print errors only." };
    private readonly TransferOptions _transfer;

    internal DownloadCommand(Terminal terminal, Command command)
    {
        _terminal = terminal;
        command.Arguments.Add(_source);
        foreach (Option option in new Option[] { _output, _include, _exclude, _reuseFrom, _force, _sequential, _noWebSeeds, _webSeeds, _webSeedDelay, _downloadLimit, _seedSeconds, _staySeconds, _stallTimeout, _quiet })
            command.Options.Add(option);
        _transfer = new TransferOptions(command, "End after this long.");
    }

    public static Command Create(Terminal terminal)
    {
        var command = new Command("download", "Download and verify a torrent's data. Run the same command to resume.");
        var download = new DownloadCommand(terminal, command);
        command.SetAction(terminal, (result, cancellationToken) => CommandAction.RunAsync(
            terminal, () => download.RunAsync(result, cancellationToken), cancellationToken, result.GetValue(download._source)));
        return command;
    }

    /// <summary>The engine's options for a command line.</summary>
    internal DownloadOptions Options(ParseResult result)
    {
        DownloadOptions options = _transfer.Download(result, result.GetValue(_output) ?? ".", _terminal);
        return options with
        {
            Include = result.GetValue(_include) ?? [],
            Exclude = result.GetValue(_exclude) ?? [],
            ReuseFrom = [.. (result.GetValue(_reuseFrom) ?? []).Select(Reused)],
            Overwrite = result.GetValue(_force),
            Sequential = result.GetValue(_sequential),
            UseWebSeeds = !result.GetValue(_noWebSeeds),
            WebSeeds = result.GetValue(_webSeeds) ?? [],
            WebSeedDelay = TimeSpan.FromSeconds(result.GetValue(_webSeedDelay) ?? 0),
            DownloadLimit = result.GetValue(_downloadLimit) ?? 0,
            SeedTime = result.GetValue(_seedSeconds) is { } seed ? TimeSpan.FromSeconds(seed) : null,
            StayTime = TimeSpan.FromSeconds(result.GetValue(_staySeconds) ?? 30),
            StallTimeout = result.GetValue(_stallTimeout) is { } stall ? TimeSpan.FromSeconds(stall) : null,
        };
    }

    private string Reused(string path)
    {
        if (!Path.Exists(path))
            _terminal.WriteMessage($"Warning: '{path}' does not exist, so no data is reused from it.");
        return Path.GetFullPath(path);
    }

    private async Task<ExitCode> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        bool json = result.GetValue(_transfer.Json);
        bool quiet = result.GetValue(_quiet);
        TorrentDownload download = await _transfer.RunAsync(
            result, _terminal, result.GetRequiredValue(_source), quiet,
            (client, torrent, progress, stop) => client.StartDownload(torrent, Options(result), progress, stop), cancellationToken).ConfigureAwait(false);
        if (json)
            _terminal.WriteLine(JsonLines.Line(download, JsonLines.Default.TorrentDownload));
        else if (!quiet && download.State == TorrentState.Completed)
            _terminal.WriteLine(DownloadReport.Describe(download));
        return DownloadReport.End(_terminal, download, seeds: _transfer.HasSeedRatio(result) || result.GetValue(_seedSeconds) is not null, cancellationToken);
    }
}
