using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TorrentPS.Formatting;

namespace TorrentPS.Completion;

/// <summary>Completes the paths of the files in the torrent that the command line names.</summary>
public sealed class TorrentFileCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionText.Unquoted(wordToComplete);
        return TorrentOfCommandLine.Find(commandAst, fakeBoundParameters)
            .SelectMany(torrent => torrent.Files)
            .Where(file => Matches(file.Path, word))
            .DistinctBy(file => file.Path)
            .Select(file => CompletionText.Result(WildcardPattern.Escape(file.Path), file.Path, $"{file.Path} ({Units.Size(file.Length)})"));
    }

    /// <summary>Whether a path, or its file name, begins with the word, which may be a wildcard pattern.</summary>
    internal static bool Matches(string path, string word)
    {
        string pattern = WildcardPattern.ContainsWildcardCharacters(word) ? word : WildcardPattern.Escape(word);
        WildcardPattern wildcard = WildcardPattern.Get($"{pattern}*", WildcardOptions.IgnoreCase);
        return wildcard.IsMatch(path) || wildcard.IsMatch(path[(path.LastIndexOf('/') + 1)..]);
    }
}
