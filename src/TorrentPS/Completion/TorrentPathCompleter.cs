using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace TorrentPS.Completion;

/// <summary>Completes the paths of .torrent files, and of the folders above them.</summary>
public sealed class TorrentPathCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        CompletionCompleters.CompleteFilename(wordToComplete)
            .Where(result => result.ResultType == CompletionResultType.ProviderContainer
                || result.ListItemText.EndsWith(".torrent", StringComparison.OrdinalIgnoreCase))
            .Select(CompletionText.Shown);
}
