using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text;
using TorrentPS.Engine.Display;

namespace TorrentPS.Completion;

/// <summary>Quotes words so that each remains one argument in a command line.</summary>
internal static class CompletionText
{
    /// <summary>The word without the quotes that the user has begun.</summary>
    public static string Unquoted(string? word) => (word ?? string.Empty).Trim('\'', '"');

    /// <summary>The text in single quotes if it needs any; in double quotes, with PowerShell escapes, if it contains unsafe characters.</summary>
    public static string Quoted(string text) =>
        !SafeText.IsSafe(text) ? $"\"{Escaped(text)}\""
        : text.Length > 0 && text.All(c => char.IsLetterOrDigit(c) || c is '.' or '/' or '_' or '-' or ':' or '*') && text[0] is not '-'
            ? text
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";

    public static CompletionResult Result(string text, string listItem, string toolTip) =>
        new(Quoted(text), SafeText.Escape(listItem), CompletionResultType.ParameterValue, SafeText.Escape(toolTip));

    /// <summary>Makes one of PowerShell's own completions safe to show.</summary>
    public static CompletionResult Shown(CompletionResult result)
    {
        if (SafeText.IsSafe(result.CompletionText) && SafeText.IsSafe(result.ListItemText) && SafeText.IsSafe(result.ToolTip))
            return result;
        string text = result.CompletionText;
        if (!SafeText.IsSafe(text))
            text = Quoted(text is ['\'', .. var quoted, '\''] ? quoted.Replace("''", "'", StringComparison.Ordinal) : text);
        return new CompletionResult(text, SafeText.Escape(result.ListItemText), result.ResultType, SafeText.Escape(result.ToolTip));
    }

    private static string Escaped(string text)
    {
        StringBuilder escaped = new(text.Length + 16);
        foreach (char c in text)
        {
            // Curved quotes are quotes to PowerShell, too; surrogate pairs are recombined when the line is run.
            if (c is '"' or '`' or '$')
                escaped.Append('`').Append(c);
            else if (c is '\u201C' or '\u201D' or '\u201E' || char.IsSurrogate(c) || !SafeText.IsSafe(c.ToString()))
                escaped.Append(CultureInfo.InvariantCulture, $"`u{{{(int)c:x}}}");
            else
                escaped.Append(c);
        }
        return escaped.ToString();
    }
}
