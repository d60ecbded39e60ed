using System.CommandLine;
using System.Numerics;
using TorrentPS.Cli.Input;
using TorrentPS.Cli.Output;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps create PATH</c>: makes a .torrent of a file or a folder.</summary>
internal static class CreateCommand
{
    private const long LeastPieceLength = 16 << 10;
    private const long GreatestPieceLength = 256 << 20;

    public static Command Create(Terminal terminal)
    {
        var path = new Argument<string>("PATH") { Description = "The file or folder to share." };
        var output = new Option<string?>("--output", "-o") { Description = "The .torrent to write; NAME.torrent in the current directory by default.", HelpName = "FILE" };
        Option<Uri[]?> trackers = OptionFactory.Uris("--tracker", "An announce address; each further one is a tier of its own.");
        Option<long?> pieceLength = OptionFactory.Parsed<long?>("--piece-length", "N", "Bytes in a piece: 256KiB, 1MiB; by the size of the data by default.",
            text => ByteQuantity.TryParse(text, out long bytes) && bytes is >= LeastPieceLength and <= GreatestPieceLength && BitOperations.IsPow2(bytes) ? bytes : null,
            "a power of two from 16KiB to 256MiB");
        var isPrivate = new Option<bool>("--private") { Description = "Let clients find peers by the trackers only." };
        var comment = new Option<string?>("--comment") { Description = "A remark to put into it.", HelpName = "TEXT" };
        Option<TorrentVersion?> version = OptionFactory.Parsed<TorrentVersion?>("--version", "v1", "The generation of the protocol; v1 is the one that can be made so far.",
            text => text is "v1" or "V1" ? TorrentVersion.V1 : null, "v1; v2 and hybrid torrents cannot be made yet");
        Option<Uri[]?> webSeeds = OptionFactory.Uris("--web-seed", "A web address that has the data, too; may be given several times.");
        Option<bool> json = OptionFactory.Json();
        var command = new Command("create", "Make a .torrent of a file or folder.") { path, output, trackers, pieceLength, isPrivate, comment, version, webSeeds, json };
        command.SetAction(terminal, (result, cancellationToken) =>
        {
            string source = result.GetRequiredValue(path);
            var options = new TorrentCreatorOptions
            {
                PieceLength = (int?)result.GetValue(pieceLength),
                Trackers = [.. (result.GetValue(trackers) ?? []).Select(uri => new[] { uri })],
                WebSeeds = result.GetValue(webSeeds) ?? [],
                IsPrivate = result.GetValue(isPrivate),
                Comment = result.GetValue(comment),
                CreationDate = TimeProvider.System.GetUtcNow(),
            };
            return CommandAction.RunAsync(terminal, () => RunAsync(terminal, source, result.GetValue(output), options, result.GetValue(json), cancellationToken), cancellationToken, source);
        });
        return command;
    }

    private static async Task<ExitCode> RunAsync(Terminal terminal, string path, string? output, TorrentCreatorOptions options, bool json, CancellationToken cancellationToken)
    {
        byte[] bytes = json || !terminal.IsErrorTerminal
            ? await TorrentCreator.CreateAsync(path, options, progress: null, cancellationToken).ConfigureAwait(false)
            : await ProgressDisplay.RunAsync(terminal, Path.GetFileName(Path.TrimEndingDirectorySeparator(path)),
                (ProgressDisplay.Sink sink) => TorrentCreator.CreateAsync(path, options, new HashingSink(sink), cancellationToken)).ConfigureAwait(false);
        var torrent = Torrent.Parse(bytes);
        string file = Path.GetFullPath(output ?? $"{torrent.Name}.torrent");
        Write(file, bytes);
        var info = new TorrentInfo(torrent, file);
        terminal.WriteLine(json
            ? TorrentJson.Line(info)
            : $"{TerminalText.Escape(file)}: {info.InfoHash}, {Quantity.Size(info.Length)} in {Quantity.Count(info.FileCount, "file")}, {Quantity.Count(info.PieceCount, "piece")} of {Quantity.Size(info.PieceLength)}");
        return ExitCode.Done;
    }

    /// <summary>Nobody is to read half a torrent: it takes its name when it is complete.</summary>
    private static void Write(string path, byte[] bytes)
    {
        string part = $"{path}.{Environment.ProcessId}.part";
        try
        {
            File.WriteAllBytes(part, bytes);
            File.Move(part, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(part);
            throw new TorrentException(TorrentErrorId.AccessDenied, $"'{path}' cannot be written ({e.Message.TrimEnd('.')}); give another place with -o", e);
        }
    }

    private sealed class HashingSink(ProgressDisplay.Sink sink) : IProgress<TorrentCreatorProgress>
    {
        public void Report(TorrentCreatorProgress value) =>
            sink.Report(value.BytesTotal == 0 ? 100 : 100.0 * value.BytesHashed / value.BytesTotal, $"{Quantity.Size(value.BytesHashed)} hashed");
    }
}
