using System.CommandLine;
using TorrentPS.Cli.Input;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps seed SOURCE --data DIR</c>: uploads data that is there, until stopped or for as long as asked.</summary>
internal sealed class SeedCommand
{
    private readonly Terminal _terminal;
    private readonly Argument<string> _source = OptionFactory.Source();
    private readonly Option<string> _data = new("--data") { Description = "The folder that the torrent's file or folder is in.", HelpName = "DIR", Required = true };
    private readonly TransferOptions _transfer;

    private SeedCommand(Terminal terminal, Command command)
    {
        _terminal = terminal;
        command.Arguments.Add(_source);
        command.Options.Add(_data);
        _transfer = new TransferOptions(command, "End after this long; until it is stopped by default.");
    }

    public static Command Create(Terminal terminal)
    {
        var command = new Command("seed", "Upload a torrent's data to whoever asks for it.");
        var seed = new SeedCommand(terminal, command);
        command.SetAction(terminal, (result, cancellationToken) => CommandAction.RunAsync(
            terminal, () => seed.RunAsync(result, cancellationToken), cancellationToken, result.GetValue(seed._source)));
        return command;
    }

    private async Task<ExitCode> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        bool json = result.GetValue(_transfer.Json);
        DownloadOptions options = _transfer.Download(result, result.GetRequiredValue(_data), _terminal);
        bool untilRatio = _transfer.HasSeedRatio(result);
        options = options with { SeedOnly = true, SeedTime = untilRatio ? null : Timeout.InfiniteTimeSpan };

        await using var client = new TorrentClient(_transfer.Client(result, _terminal));
        TorrentInfo torrent = await TorrentSource.ReadAsync(client, result.GetRequiredValue(_source), cancellationToken).ConfigureAwait(false);
        TorrentDownload upload = json || !_terminal.IsErrorTerminal
            ? await client.DownloadAsync(torrent, options, progress: null, cancellationToken).ConfigureAwait(false)
            : await ProgressDisplay.RunAsync(_terminal, torrent.Name, progress => client.DownloadAsync(torrent, options, progress, cancellationToken)).ConfigureAwait(false);

        // Without a ratio to reach, the time that was asked for is the end that was asked for.
        bool isDone = upload.State == TorrentState.TimedOut && !untilRatio && upload.BytesCompleted >= upload.BytesWanted;
        if (isDone)
            upload = upload with { State = TorrentState.Completed, Error = null, ErrorId = null };
        if (json)
            _terminal.WriteLine(JsonLines.Line(upload, JsonLines.Default.TorrentDownload));
        else if (upload.State is TorrentState.Completed or TorrentState.Stopped)
            _terminal.WriteMessage($"Uploaded {Quantity.Size(upload.Uploaded)} of '{upload.Name}' in {Quantity.Duration(upload.Elapsed)}");
        return DownloadReport.End(_terminal, upload, seeds: true, cancellationToken);
    }
}
