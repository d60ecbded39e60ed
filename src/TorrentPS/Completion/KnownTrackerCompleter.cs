using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TorrentPS.Engine.Display;

namespace TorrentPS.Completion;

/// <summary>
/// Completes announce addresses from the .torrent files in the current location, because authors usually announce several torrents to the same trackers.
/// </summary>
public sealed class KnownTrackerCompleter : IArgumentCompleter
{
    private const int MaxFiles = 100;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionText.Unquoted(wordToComplete);
        return TorrentOfCommandLine.InCurrentLocation(MaxFiles)
            .SelectMany(torrent => torrent.Trackers.SelectMany(tier => tier), (torrent, tracker) => (Tracker: tracker.OriginalString, torrent.Path))
            .Where(found => found.Tracker.Contains(word, StringComparison.OrdinalIgnoreCase))
            .GroupBy(found => found.Tracker, found => System.IO.Path.GetFileName(found.Path), StringComparer.Ordinal)
            .OrderByDescending(group => group.Count())
            .Select(group => CompletionText.Result(group.Key, AddressText.Of(group.Key), ToolTip([.. group.Distinct()])));
    }

    private static string ToolTip(string?[] files) => files.Length == 1 ? $"The tracker of {files[0]}." : $"The tracker of {files[0]} and {files.Length - 1} more.";
}
