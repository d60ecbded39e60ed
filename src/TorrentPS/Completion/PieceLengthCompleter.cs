using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace TorrentPS.Completion;

/// <summary>Completes common piece lengths.</summary>
public sealed class PieceLengthCompleter : IArgumentCompleter
{
    private static readonly string[] s_lengths = ["16KB", "32KB", "64KB", "128KB", "256KB", "512KB", "1MB", "2MB", "4MB", "8MB", "16MB", "32MB"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionText.Unquoted(wordToComplete);
        return s_lengths
            .Where(length => length.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(length => CompletionText.Result(length, length, $"Pieces of {length}; left out, the length is chosen for about 1,000 pieces."));
    }
}
