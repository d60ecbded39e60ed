using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace TorrentPS.Completion;

/// <summary>Completes fixed values, each with a tool tip that explains it.</summary>
public abstract class ChoiceCompleter : IArgumentCompleter
{
    private protected ChoiceCompleter()
    {
    }

    /// <summary>The values in the order in which they are offered.</summary>
    internal abstract IEnumerable<(string Value, string ToolTip)> Choices { get; }

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionText.Unquoted(wordToComplete);
        return Choices
            .Where(choice => choice.Value.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(choice => CompletionText.Result(choice.Value, choice.Value, choice.ToolTip));
    }
}
