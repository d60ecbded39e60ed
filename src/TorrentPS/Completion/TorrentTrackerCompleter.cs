using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TorrentPS.Engine.Display;

namespace TorrentPS.Completion;

/// <summary>Completes the trackers of the torrent that the command line names.</summary>
public sealed class TorrentTrackerCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionText.Unquoted(wordToComplete);
        return TorrentOfCommandLine.Find(commandAst, fakeBoundParameters)
            .SelectMany(torrent => torrent.Trackers.SelectMany(tier => tier))
            .Select(tracker => tracker.OriginalString)
            .Where(tracker => tracker.Contains(word, StringComparison.OrdinalIgnoreCase))
            .Distinct()
            .Select(tracker => CompletionText.Result(tracker, AddressText.Of(tracker), AddressText.Of(tracker)));
    }
}
