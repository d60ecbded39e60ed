using System.CommandLine;
using System.Numerics;
using TorrentPS.Cli.Output;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Values;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps create PATH...</c>: creates a .torrent from files and folders.</summary>
internal sealed class CreateCommand
{
    public const string CommentOption = "--comment";

    private readonly Terminal _terminal;
    private readonly Argument<string[]> _paths = new("PATH")
    {
        Description = "The file or folder to share. Several make one torrent of their common folder, without its other contents.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "The .torrent to write, or the folder to write it to; NAME.torrent in the current directory by default. An existing file is replaced.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _name = new("--name") { Description = "The name in the torrent; by default the name on disk.", HelpName = "NAME" };
    private readonly Option<Uri[]?> _trackers = OptionFactory.Uris("--tracker", "An announce address; may be given several times, each in its own tier.");
    private readonly Option<Uri[]?> _webSeeds = OptionFactory.Uris("--web-seed", "The address of a web seed, which has the data; may be given several times.");
    private readonly Option<long?> _pieceLength = OptionFactory.Parsed<long?>("--piece-length", "N", "The piece size: 256KiB, 1MiB; by default chosen for about 1,000 pieces.",
        text => ByteSize.TryParse(text, out ByteSize size) && size.Bytes is >= TorrentBuilder.LeastPieceLength and <= TorrentBuilder.GreatestPieceLength && BitOperations.IsPow2(size.Bytes) ? size.Bytes : null,
        "a power of two from 16KiB to 256MiB");

    private readonly Option<bool> _isPrivate = new("--private") { Description = "Restrict clients to peers from the trackers." };
    private readonly Option<string?> _comment = new(CommentOption) { Description = "A comment to store in the torrent.", HelpName = "TEXT" };
    private readonly Option<string?> _source = new("--source") { Description = "The 'source' of the info dictionary, which gives a tracker's copy a different info hash.", HelpName = "TEXT" };
    private readonly Option<InfoHash[]?> _similar = OptionFactory.InfoHashes("--similar", "The info hash of another torrent that shares some of the same files, such as an earlier version; may be given several times.");
    private readonly Option<string[]?> _collections = new("--collection")
    {
        Description = "The name of a collection whose torrents may share some of the same files; may be given several times.",
        HelpName = "NAME",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string[]?> _exclude = OptionFactory.Globs("--exclude", "Exclude files and folders whose path or name matches; may be given several times.");
    private readonly Option<TorrentVersion?> _version = OptionFactory.Parsed<TorrentVersion?>("--version", "v1|v2|hybrid", "The protocol version: v1 (the default) for every client, v2 (BEP 52) for newer clients, hybrid for both.",
        text => text.ToUpperInvariant() switch { "V1" => TorrentVersion.V1, "V2" => TorrentVersion.V2, "HYBRID" => TorrentVersion.Hybrid, _ => null }, "v1, v2 or hybrid");

    private readonly Option<bool> _json = OptionFactory.Json();

    private CreateCommand(Terminal terminal, Command command)
    {
        _terminal = terminal;
        _paths.Validators.Add(OptionFactory.RefuseUnknownOptions);
        command.Arguments.Add(_paths);
        foreach (Option option in new Option[] { _output, _name, _trackers, _webSeeds, _pieceLength, _isPrivate, _comment, _source, _similar, _collections, _exclude, _version, _json })
            command.Options.Add(option);
    }

    public static Command Create(Terminal terminal)
    {
        var command = new Command("create", "Create a .torrent from files and folders.");
        var create = new CreateCommand(terminal, command);
        command.SetAction(terminal, (result, cancellationToken) =>
        {
            string[] paths = result.GetRequiredValue(create._paths);
            return CommandAction.RunAsync(terminal, () => create.RunAsync(result, paths, cancellationToken), cancellationToken, paths.Length == 1 ? paths[0] : null);
        });
        return command;
    }

    private async Task<ExitCode> RunAsync(ParseResult result, string[] paths, CancellationToken cancellationToken)
    {
        TorrentCreatorOptions options = Options(result);
        string name = options.Name ?? TorrentDraft.ChooseName(paths);
        string file = OutputPath(result.GetValue(_output), name);
        TorrentCreator.CheckDestination(file);
        TorrentDraft draft = TorrentDraft.Collect(paths, options with { OutputPath = file }, cancellationToken);
        foreach (string warning in draft.Warnings)
            _terminal.WriteMessage($"Warning: {warning}");

        bool json = result.GetValue(_json);
        byte[] bytes = json || !_terminal.IsErrorTerminal
            ? await draft.CreateAsync(progress: null, cancellationToken).ConfigureAwait(false)
            : await ProgressDisplay.RunAsync(_terminal, draft.Name, (ProgressDisplay.Sink sink) => draft.CreateAsync(new HashingSink(sink), cancellationToken)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        TorrentCreator.Write(file, bytes, overwrite: true);
        var info = new TorrentInfo(Torrent.Parse(bytes), file);
        _terminal.WriteLine(json
            ? TorrentJson.Line(info)
            : $"{file}: {info.InfoHash}, {Quantity.Size(info.Length)} in {Quantity.Count(info.FileCount, "file")}, {Quantity.Count(info.PieceCount, "piece")} of {Quantity.Size(info.PieceLength)}");
        return ExitCode.Done;
    }

    private TorrentCreatorOptions Options(ParseResult result) => new()
    {
        Name = result.GetValue(_name),
        Version = result.GetValue(_version) ?? TorrentVersion.V1,
        Similar = result.GetValue(_similar) ?? [],
        Collections = result.GetValue(_collections) ?? [],
        PieceLength = (int?)result.GetValue(_pieceLength),
        Trackers = [.. (result.GetValue(_trackers) ?? []).Select(uri => new[] { uri })],
        WebSeeds = result.GetValue(_webSeeds) ?? [],
        IsPrivate = result.GetValue(_isPrivate),
        Comment = result.GetValue(_comment),
        Source = result.GetValue(_source),
        Exclude = result.GetValue(_exclude) ?? [],
        CreationDate = TimeProvider.System.GetUtcNow(),
    };

    private static string OutputPath(string? output, string name) =>
        Path.GetFullPath(output is null ? TorrentFileName.Of(name) : Directory.Exists(output) ? Path.Join(output, TorrentFileName.Of(name)) : output);

    private sealed class HashingSink(ProgressDisplay.Sink sink) : IProgress<TorrentCreatorProgress>
    {
        public void Report(TorrentCreatorProgress value) =>
            sink.Report(value.BytesTotal == 0 ? 100 : 100.0 * value.BytesHashed / value.BytesTotal, $"{Quantity.Size(value.BytesHashed)} hashed");
    }
}
