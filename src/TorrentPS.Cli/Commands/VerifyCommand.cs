using System.CommandLine;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps verify SOURCE --data DIR</c>: compares data on disk with a torrent, and changes nothing.</summary>
internal sealed class VerifyCommand
{
    private readonly Terminal _terminal;
    private readonly Argument<string> _source = OptionFactory.Source();
    private readonly Option<string> _data = new("--data") { Description = "The folder that contains the torrent's file or folder.", HelpName = "DIR", Required = true };
    private readonly Option<string[]?> _include = OptionFactory.Globs("--include", "Check only files whose path matches; may be given several times.");
    private readonly Option<string[]?> _exclude = OptionFactory.Globs("--exclude", "Exclude files whose path matches; may be given several times.");
    private readonly RouteOptions _route;
    private readonly Option<bool> _json = OptionFactory.Json();

    private VerifyCommand(Terminal terminal, Command command)
    {
        _terminal = terminal;
        command.Arguments.Add(_source);
        foreach (Option option in new Option[] { _data, _include, _exclude, _json })
            command.Options.Add(option);
        _route = new RouteOptions(command, hasPeers: false);
    }

    public static Command Create(Terminal terminal)
    {
        var command = new Command("verify", "Compare data on disk with a torrent, file by file. Changes nothing. Exits with code 8 if the data differs.");
        var verify = new VerifyCommand(terminal, command);
        command.SetAction(terminal, (result, cancellationToken) => CommandAction.RunAsync(
            terminal, () => verify.RunAsync(result, cancellationToken), cancellationToken, result.GetValue(verify._source)));
        return command;
    }

    private async Task<ExitCode> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        await using var client = new TorrentClient(_route.Apply(new TorrentClientOptions(), result, _terminal));
        TorrentInfo torrent = await TorrentSource.ReadAsync(client, result.GetRequiredValue(_source), cancellationToken).ConfigureAwait(false);
        var options = new TestDataOptions
        {
            Folder = result.GetRequiredValue(_data),
            Include = result.GetValue(_include) ?? [],
            Exclude = result.GetValue(_exclude) ?? [],
        };
        bool json = result.GetValue(_json);

        // Lines would tear a progress bar: on a terminal they are written after it.
        List<TorrentDataReport> reports = json || !_terminal.IsErrorTerminal
            ? await CheckAsync(client, torrent, options, null, report => Show(report, json), cancellationToken).ConfigureAwait(false)
            : await ProgressDisplay.RunAsync(_terminal, torrent.Name, (ProgressDisplay.Sink sink) => CheckAsync(client, torrent, options, new CheckingSink(sink), null, cancellationToken)).ConfigureAwait(false);
        if (!json && _terminal.IsErrorTerminal)
            reports.ForEach(report => Show(report, json));
        return Conclude(torrent, options, reports, json);
    }

    private static async Task<List<TorrentDataReport>> CheckAsync(
        TorrentClient client, TorrentInfo torrent, TestDataOptions options, IProgress<TestDataProgress>? progress, Action<TorrentDataReport>? show, CancellationToken cancellationToken)
    {
        List<TorrentDataReport> reports = [];
        await foreach (TorrentDataReport report in client.TestDataAsync(torrent, options, progress, cancellationToken).ConfigureAwait(false))
        {
            reports.Add(report);
            show?.Invoke(report);
        }
        return reports;
    }

    private void Show(TorrentDataReport report, bool json)
    {
        if (json)
            _terminal.WriteLine(JsonLines.Line(report, JsonLines.Default.TorrentDataReport));
        else if (report.Status != TorrentDataStatus.Complete)
            _terminal.WriteLine(Describe(report));
    }

    private ExitCode Conclude(TorrentInfo torrent, TestDataOptions options, List<TorrentDataReport> reports, bool json)
    {
        int complete = reports.Count(report => report.Status == TorrentDataStatus.Complete);
        if (complete == reports.Count)
        {
            if (!json)
                _terminal.WriteLine($"{torrent.Name}: complete, {Quantity.Size(reports.Sum(report => report.Length))} in {Quantity.Count(reports.Count, "file")}");
            return ExitCode.Done;
        }

        foreach (TorrentDataReport report in reports)
        {
            if (report.ErrorId is { } errorId)
                _terminal.WriteError(errorId, report.Error);
        }
        long verified = reports.Sum(report => report.BytesComplete), all = reports.Sum(report => report.Length);
        string message = Directory.Exists(options.Folder)
            ? $"{reports.Count - complete} of {Quantity.Count(reports.Count, "file")} of '{torrent.Name}' do not match the torrent; {Quantity.Size(verified)} of {Quantity.Size(all)} are right. A download to '{options.Folder}' repairs it"
            : $"The folder '{options.Folder}' does not exist; give the folder that contains '{torrent.Name}'";
        _terminal.WriteError(TorrentErrorId.DataMismatch, message);
        return ExitCode.DataMismatch;
    }

    private static string Describe(TorrentDataReport report)
    {
        var parts = new List<string>(4);
        if (report.Status == TorrentDataStatus.WrongSize)
            parts.Add($"{Quantity.Size(report.LengthOnDisk ?? 0)} in place of {Quantity.Size(report.Length)}");
        if (report.BytesBad > 0)
            parts.Add($"{Quantity.Size(report.BytesBad)} bad in {Quantity.Count(report.PiecesBad, "piece")}");
        if (report is { BytesMissing: > 0, Status: not TorrentDataStatus.Missing })
            parts.Add($"{Quantity.Size(report.BytesMissing)} missing");
        if (report.BytesUnverified > 0)
            parts.Add($"{Quantity.Size(report.BytesUnverified)} in pieces that cannot be checked");
        string details = parts.Count > 0 ? $" ({string.Join(", ", parts)})" : "";
        return $"{Label(report.Status),-10} {report.Path}{details}";
    }

    private static string Label(TorrentDataStatus status) => status switch
    {
        TorrentDataStatus.WrongSize => "wrong size",
        _ => status.ToString().ToLowerInvariant(),
    };

    private sealed class CheckingSink(ProgressDisplay.Sink sink) : IProgress<TestDataProgress>
    {
        public void Report(TestDataProgress value) =>
            sink.Report(value.BytesTotal == 0 ? 100 : 100.0 * value.BytesChecked / value.BytesTotal, $"{Quantity.Size(value.BytesChecked)} checked");
    }
}
