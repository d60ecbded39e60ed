using System.Collections.ObjectModel;
using System.Management.Automation;
using Microsoft.PowerShell.Commands;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Formatting;
using TorrentPS.Pipeline;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Creates .torrent files from files and folders.</para>
/// <para type="description">Hashes files on all cores, writes a .torrent, and returns its contents as an object. All paths in one argument make one torrent; each object
/// from the pipeline makes a separate torrent.</para>
/// </summary>
[Cmdlet(VerbsCommon.New, "Torrent", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(TorrentInfo))]
public sealed class NewTorrentCommand : TorrentCommand
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    // If names that differ only in case are the same file, two torrents must not be written to it.
    private readonly HashSet<string> _written = new(TorrentCreator.PathComparer);

    /// <summary><para type="description">The files and folders to share. Wildcards are allowed. Several paths in one argument make one torrent of their common
    /// folder.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The files and folders to share; wildcards are allowed.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">The literal paths of the files and folders to share: no character is a wildcard.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The literal paths of the files and folders to share.")]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary><para type="description">The .torrent to write, or the folder to write NAME.torrent to; by default the current location.</para></summary>
    [Parameter(Position = 1, HelpMessage = "The .torrent to write, or the folder to write it to; by default the current location.")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary><para type="description">The name in the torrent; by default the name on disk. With another name, the data must be renamed before
    /// seeding.</para></summary>
    [Parameter(HelpMessage = "The name in the torrent; by default the name on disk.")]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary><para type="description">The protocol version: V1 (the default) for every client, V2 (BEP 52) for newer clients only, Hybrid for both.</para></summary>
    [Parameter(HelpMessage = "The protocol version: V1 (the default), V2 or Hybrid.")]
    public TorrentVersion Version { get; set; }

    /// <summary><para type="description">The announce addresses, each in its own tier; a nested array is a tier of several trackers.</para></summary>
    [Parameter(HelpMessage = "Announce addresses, each in its own tier; a nested array is a tier of several trackers.")]
    [TrackerTierTransformation(AllowBrowserTracker = true)]
    [ArgumentCompleter(typeof(KnownTrackerCompleter))]
    [ValidateNotNullOrEmpty]
    public Uri[][] Tracker { get; set; } = [];

    /// <summary><para type="description">The http(s) addresses of web seeds: servers that have the data.</para></summary>
    [Parameter(HelpMessage = "http(s) addresses of web seeds: servers that have the data.")]
    [ValidateNotNullOrEmpty]
    [ValidateWebAddress]
    public Uri[] WebSeed { get; set; } = [];

    /// <summary><para type="description">The piece size in bytes, a power of two from 16KB to 256MB; by default chosen by the size of the data, for about 1,000
    /// pieces.</para></summary>
    [Parameter(HelpMessage = "The piece size, a power of two from 16KB to 256MB; by default chosen by the size of the data.")]
    [ValidatePieceLength]
    [ArgumentCompleter(typeof(PieceLengthCompleter))]
    public int PieceLength { get; set; }

    /// <summary><para type="description">Restricts clients to peers from the trackers.</para></summary>
    [Parameter(HelpMessage = "Restricts clients to peers from the trackers.")]
    public SwitchParameter Private { get; set; }

    /// <summary><para type="description">A comment to store in the torrent.</para></summary>
    [Parameter(HelpMessage = "A comment to store in the torrent.")]
    public string? Comment { get; set; }

    /// <summary><para type="description">The source key of the info dictionary, which gives a tracker's copy of a torrent a different info hash.</para></summary>
    [Parameter(HelpMessage = "The source key of the info dictionary.")]
    public string? Source { get; set; }

    /// <summary><para type="description">The info hashes of other torrents that share some of the same files, such as earlier versions: a client that has them copies the
    /// data.</para></summary>
    [Parameter(HelpMessage = "Info hashes of other torrents that share some of the same files.")]
    [ValidateNotNullOrEmpty]
    [ValidateInfoHash]
    public string[] Similar { get; set; } = [];

    /// <summary><para type="description">The names of collections whose torrents may share some of the same files.</para></summary>
    [Parameter(HelpMessage = "Names of collections whose torrents may share some of the same files.")]
    [ValidateNotNullOrEmpty]
    public string[] Collection { get; set; } = [];

    /// <summary><para type="description">Wildcard patterns for names, and for paths in the torrent: matching files, and matching folders with their contents, are left
    /// out.</para></summary>
    [Parameter(HelpMessage = "Excludes files and folders whose names or paths match one of these patterns.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Exclude { get; set; } = [];

    /// <summary><para type="description">Replaces an existing .torrent.</para></summary>
    [Parameter(HelpMessage = "Replaces an existing .torrent.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        List<string> paths = [];
        foreach (string path in ParameterSetName == LiteralPathSet ? LiteralPath : Path)
        {
            // Some of the named paths would make a torrent that the user did not ask for.
            if (!TryResolve(path, paths))
                return;
        }

        try
        {
            Make(paths);
        }
        catch (TorrentException exception)
        {
            WriteError(ErrorRecords.From(exception, paths.Count == 1 ? paths[0] : paths.ToArray()));
        }
    }

    private void Make(List<string> paths)
    {
        string file = ResolveDestination(Name ?? TorrentDraft.ChooseName(paths));
        TorrentCreatorOptions options = new()
        {
            Name = Name,
            Version = Version,
            PieceLength = PieceLength > 0 ? PieceLength : null,
            Trackers = Tracker,
            WebSeeds = WebSeed,
            IsPrivate = Private,
            Comment = Comment,
            Source = Source,
            Similar = [.. Similar.Select(hash => InfoHash.TryParse(hash, out InfoHash parsed) ? parsed : default)],
            Collections = Collection,
            Exclude = Exclude,
            CreationDate = TimeProvider.System.GetUtcNow(),
            OutputPath = file,
        };
        TorrentDraft draft = Work(token => Task.FromResult(TorrentDraft.Collect(paths, options, token)));
        foreach (string warning in draft.Warnings)
            WriteWarning(warning);
        string count = CountText.Of(draft.FileCount, "file");
        if (!ShouldProcess(file, $"Create torrent of '{draft.Name}' ({count}, {Units.Size(draft.Length)})"))
            return;
        bool isTwice = _written.Contains(file);
        if (isTwice || (!Force && File.Exists(file)))
        {
            WriteError(ErrorRecords.TorrentExists(file, isTwice));
            return;
        }

        TorrentCreator.CheckDestination(file);
        byte[] bytes = Hash(draft);
        TorrentCreator.Write(file, bytes, Force);
        _written.Add(file);
        WriteObject(new TorrentInfo(Torrent.Parse(bytes), file, draft.IsRenamed ? null : draft.DataFolder));
    }

    private byte[] Hash(TorrentDraft draft)
    {
        HashingProgress progress = new($"Hashing {draft.Name}", Pump, CommandRuntime, Host);
        try
        {
            return Work(token => draft.CreateAsync(new Sink(progress), token));
        }
        finally
        {
            progress.Complete();
        }
    }

    /// <summary>Runs work on the pool; an error of the engine is thrown here, for this input only.</summary>
    private T Work<T>(Func<CancellationToken, Task<T>> work)
        where T : class
    {
        TorrentException? refusal = null;
        T? result = Run(async token =>
        {
            try
            {
                return await work(token).ConfigureAwait(false);
            }
            catch (TorrentException exception)
            {
                refusal = exception;
                return null;
            }
        });
        return result ?? throw refusal!;
    }

    private bool TryResolve(string path, List<string> paths)
    {
        try
        {
            Collection<string> found = ParameterSetName == LiteralPathSet
                ? [SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _)]
                : SessionState.Path.GetResolvedProviderPathFromPSPath(path, out provider);
            if (provider.ImplementingType != typeof(FileSystemProvider))
                WriteError(ErrorRecords.NotFileSystem(path, provider.Name));
            else if (found.Count == 0)
                WriteError(ErrorRecords.NothingMatches(path, SessionState.InvokeProvider.Item.Exists(path, force: true, literalPath: true)));
            else
                paths.AddRange(found);
            return found.Count > 0 && provider.ImplementingType == typeof(FileSystemProvider);
        }
        catch (Exception exception) when (exception is SessionStateException or ProviderInvocationException or PSArgumentException)
        {
            WriteError(ErrorRecords.NotFound(path, exception));
            return false;
        }
    }

    private string ResolveDestination(string name)
    {
        string path = Destination ?? ".";
        string resolved = ResolvePath(path, ErrorRecords.BadTorrentDestination);
        return Directory.Exists(resolved) || path.EndsWith('/') || path.EndsWith(System.IO.Path.DirectorySeparatorChar)
            ? System.IO.Path.Join(resolved, TorrentFileName.Of(name))
            : resolved;
    }

    private sealed class Sink(HashingProgress progress) : IProgress<TorrentCreatorProgress>
    {
        public void Report(TorrentCreatorProgress value) => progress.Report(value.BytesHashed, value.BytesTotal);
    }
}
