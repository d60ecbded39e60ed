using System.CommandLine;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;
using TorrentPS.Engine.Swarm;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps seed SOURCE</c>: uploads existing data, until stopped or a limit is reached.</summary>
internal sealed class SeedCommand
{
    private readonly Terminal _terminal;
    private readonly Argument<string> _source = OptionFactory.Source();
    private readonly Option<string?> _data = new("--data") { Description = "The folder that contains the torrent's file or folder; by default the folder of the .torrent, or the current directory.", HelpName = "DIR" };
    private readonly Option<bool> _superSeed = new("--super-seed") { Description = "Announce each piece to one peer first, so that little more than one copy is uploaded before all peers have it. For the only seed of a new torrent." };
    private readonly TransferOptions _transfer;

    private SeedCommand(Terminal terminal, Command command)
    {
        _terminal = terminal;
        command.Arguments.Add(_source);
        command.Options.Add(_data);
        command.Options.Add(_superSeed);
        _transfer = new TransferOptions(command, "End after this long; by default, when stopped.");
    }

    public static Command Create(Terminal terminal)
    {
        var command = new Command("seed", "Upload a torrent's data to peers.");
        var seed = new SeedCommand(terminal, command);
        command.SetAction(terminal, (result, cancellationToken) => CommandAction.RunAsync(
            terminal, () => seed.RunAsync(result, cancellationToken), cancellationToken, result.GetValue(seed._source)));
        return command;
    }

    private async Task<ExitCode> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        bool json = result.GetValue(_transfer.Json);
        bool untilRatio = _transfer.HasSeedRatio(result);
        string source = result.GetRequiredValue(_source);
        TorrentDownload upload = await _transfer.RunAsync(
            result, _terminal, source, quiet: false,
            (client, torrent, progress, stop) => client.StartSeed(torrent, Options(torrent), progress, stop), cancellationToken).ConfigureAwait(false);
        if (json)
            _terminal.WriteLine(JsonLines.Line(upload, JsonLines.Default.TorrentDownload));
        else if (upload.State is TorrentState.Completed or TorrentState.Stopped)
            _terminal.WriteMessage($"Uploaded {Quantity.Size(upload.Uploaded)} of '{upload.Name}' in {Quantity.Duration(upload.Elapsed)}");
        return DownloadReport.End(_terminal, upload, seeds: true, cancellationToken);

        DownloadOptions Options(TorrentInfo torrent) => _transfer.Download(result, SeedSource.Find(torrent, result.GetValue(_data), Environment.CurrentDirectory), _terminal) with
        {
            SuperSeed = result.GetValue(_superSeed),
            SeedTime = untilRatio ? null : Timeout.InfiniteTimeSpan,
        };
    }
}
