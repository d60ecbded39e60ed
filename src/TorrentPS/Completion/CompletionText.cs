using System.Management.Automation;
using System.Management.Automation.Language;

namespace TorrentPS.Completion;

/// <summary>Words that stay one argument when they are put into a command line.</summary>
internal static class CompletionText
{
    /// <summary>The word without the quotes that its author has begun.</summary>
    public static string Unquoted(string? word) => (word ?? string.Empty).Trim('\'', '"');

    /// <summary>The text in single quotes when it needs any.</summary>
    public static string Quoted(string text) =>
        text.Length > 0 && text.All(c => char.IsLetterOrDigit(c) || c is '.' or '/' or '_' or '-' or ':' or '*') && text[0] is not '-'
            ? text
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";

    public static CompletionResult Result(string text, string listItem, string toolTip) =>
        new(Quoted(text), listItem, CompletionResultType.ParameterValue, toolTip);
}
