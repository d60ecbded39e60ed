using System.Collections.ObjectModel;
using System.ComponentModel;
using System.Management.Automation;
using Microsoft.PowerShell.Commands;
using TorrentPS.Completion;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Formatting;
using TorrentPS.Pipeline;

namespace TorrentPS.Commands;

/// <summary>A cmdlet that reads torrents from files and addresses.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TorrentFileCommand : NetworkCommand
{
    private protected const string PathSet = "Path";
    private protected const string LiteralPathSet = "LiteralPath";
    private protected const string UriSet = "Uri";

    private protected TorrentFileCommand()
    {
    }

    /// <summary><para type="description">The paths of .torrent files. Wildcards are allowed. A magnet link or an http(s) address is treated as -Uri.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Paths of .torrent files; wildcards are allowed.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TorrentPathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">The literal paths of .torrent files: no character is a wildcard.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Literal paths of .torrent files.")]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TorrentPathCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary><para type="description">Magnet links, and the http or https addresses of .torrent files.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = UriSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Magnet links, and http(s) addresses of .torrent files.")]
    [ValidateNotNullOrEmpty]
    public Uri[] Uri { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (TorrentInput input in Inputs())
        {
            if (Load(input) is { } torrent)
                ProcessTorrent(torrent);
        }
    }

    /// <summary>Does the cmdlet's work for one torrent, on the pipeline thread.</summary>
    private protected abstract void ProcessTorrent(TorrentInfo torrent);

    /// <summary>The inputs that the parameters name; writes an error for those that do not exist.</summary>
    private protected virtual IEnumerable<TorrentInput> Inputs() => ParameterSetName switch
    {
        LiteralPathSet => LiteralPath.Select(LiteralFile).OfType<TorrentInput>(),
        UriSet => Uri.Select(Address).OfType<TorrentInput>(),
        _ => Path.SelectMany(FilesOrAddress),
    };

    private TorrentInfo? Load(TorrentInput input)
    {
        switch (input)
        {
            case TorrentInput.Ready ready:
                return ready.Torrent;
            case TorrentInput.Address address:
                TorrentClient client = Client;
                return Run(token => TryAsync(() => GetAsync(client, address.Uri, token), address.Uri));
            case TorrentInput.File file:
                return Run(token => TryAsync(() => Task.Run(() => new TorrentInfo(TorrentFileReader.Read(file.Path), file.Path), token), file.Path));
            default:
                return null;
        }
    }

    private async Task<TorrentInfo?> TryAsync(Func<Task<TorrentInfo>> load, object target)
    {
        try
        {
            return await load().ConfigureAwait(false);
        }
        catch (TorrentException exception)
        {
            PostError(exception, target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && target is string)
        {
            PostError(ErrorRecords.Unreadable((string)target, exception));
        }
        return null;
    }

    // For a magnet link, only what the link contains; other cmdlets get the rest from peers.
    private static Task<TorrentInfo> GetAsync(TorrentClient client, Uri uri, CancellationToken cancellationToken) => uri.Scheme == "magnet"
        ? Task.FromResult(new TorrentInfo(MagnetLink.Parse(uri.OriginalString)))
        : client.GetTorrentAsync(uri, cancellationToken);

    private IEnumerable<TorrentInput> FilesOrAddress(string path)
    {
        if (IsAddress(path))
            return Address(new Uri(path)) is { } address ? [address] : [];
        try
        {
            Collection<string> files = SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            if (!IsFileSystem(provider, path))
                return [];
            bool isPattern = WildcardPattern.ContainsWildcardCharacters(path);
            if (files.Count == 0 && isPattern && SessionState.InvokeProvider.Item.Exists(path, force: true, literalPath: true))
                WriteWarning($"Nothing matches the pattern '{path}', but a file has exactly this name. Use -LiteralPath.");
            return [.. files.Select(file => ExistingFile(file, skipFolder: isPattern)).OfType<TorrentInput>()];
        }
        catch (Exception exception) when (exception is SessionStateException or ProviderInvocationException or PSArgumentException)
        {
            WriteError(ErrorRecords.NotFound(path, exception));
            return [];
        }
    }

    private TorrentInput.File? LiteralFile(string path)
    {
        try
        {
            string file = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            return IsFileSystem(provider, path) ? ExistingFile(file, skipFolder: false) : null;
        }
        catch (Exception exception) when (exception is SessionStateException or ProviderInvocationException or PSArgumentException)
        {
            WriteError(ErrorRecords.NotFound(path, exception));
            return null;
        }
    }

    private TorrentInput.File? ExistingFile(string file, bool skipFolder)
    {
        if (File.Exists(file))
            return new TorrentInput.File(file);
        if (!Directory.Exists(file))
            WriteError(ErrorRecords.NotFound(file));
        else if (!skipFolder)
            WriteError(ErrorRecords.IsFolder(file));
        return null;
    }

    private TorrentInput.Address? Address(Uri uri)
    {
        if (uri.IsAbsoluteUri && uri.Scheme is "magnet" or "http" or "https")
            return new TorrentInput.Address(uri);
        WriteError(ErrorRecords.NotAnAddress(uri));
        return null;
    }

    // A magnet link contains '?', and would be a wildcard pattern on a drive that does not exist.
    private static bool IsAddress(string path) =>
        (TorrentSource.IsMagnet(path) || TorrentSource.IsWebAddress(path)) && System.Uri.TryCreate(path, UriKind.Absolute, out _);

    private bool IsFileSystem(ProviderInfo provider, string path)
    {
        if (provider.ImplementingType == typeof(FileSystemProvider))
            return true;
        WriteError(ErrorRecords.NotFileSystem(path, provider.Name));
        return false;
    }
}
