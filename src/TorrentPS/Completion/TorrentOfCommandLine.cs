using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Completion;

/// <summary>Finds the torrents that an unfinished command line names, to complete its other arguments.</summary>
internal static class TorrentOfCommandLine
{
    private const int MaxTorrents = 10;

    public static IEnumerable<TorrentInfo> Find(CommandAst commandAst, IDictionary boundParameters)
    {
        List<TorrentInfo> found = [.. Values(boundParameters["InputObject"]).OfType<TorrentInfo>()];
        IEnumerable<string> paths = Values(boundParameters["Path"]).Concat(Values(boundParameters["LiteralPath"])).OfType<string>();
        foreach (string path in paths.Concat(PathsBefore(commandAst)).Take(MaxTorrents))
        {
            foreach (string file in Resolve(path, boundParameters.Contains("LiteralPath")))
            {
                if (found.Count < MaxTorrents && TryRead(file) is { } torrent)
                    found.Add(torrent);
            }
        }
        return found;
    }

    /// <summary>The torrents of .torrent files in the session's current location, if it is a folder.</summary>
    /// <param name="limit">The maximum number of files to read.</param>
    public static IEnumerable<TorrentInfo> InCurrentLocation(int limit) =>
        Resolve("*.torrent", literal: false).Take(limit).Select(TryRead).OfType<TorrentInfo>();

    private static IEnumerable<object> Values(object? argument) => argument switch
    {
        null => [],
        PSObject wrapped => Values(wrapped.BaseObject),
        string text => [text],
        IEnumerable many => many.Cast<object>().SelectMany(Values),
        _ => [argument],
    };

    // In 'Get-TorrentInfo x.torrent | Start-TorrentDownload -Include ', an earlier command names the file.
    private static IEnumerable<string> PathsBefore(CommandAst commandAst) =>
        commandAst.Parent is PipelineAst pipeline
            ? pipeline.PipelineElements
                .TakeWhile(element => element != commandAst)
                .SelectMany(element => element.FindAll(ast => ast is StringConstantExpressionAst, searchNestedScriptBlocks: false))
                .Select(ast => ((StringConstantExpressionAst)ast).Value)
                .Where(value => value.EndsWith(".torrent", StringComparison.OrdinalIgnoreCase))
            : [];

    private static IEnumerable<string> Resolve(string path, bool literal)
    {
        try
        {
            using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
            shell.AddCommand("Microsoft.PowerShell.Management\\Resolve-Path").AddParameter(literal ? "LiteralPath" : "Path", path).AddParameter("ErrorAction", "Ignore");
            return [.. shell.Invoke<PathInfo>().Select(info => info.ProviderPath)];
        }
        catch (Exception exception) when (exception is RuntimeException or InvalidOperationException)
        {
            return [];
        }
    }

    private static TorrentInfo? TryRead(string file)
    {
        try
        {
            return new TorrentInfo(TorrentFileReader.Read(file), file);
        }
        catch (Exception exception) when (exception is TorrentException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
