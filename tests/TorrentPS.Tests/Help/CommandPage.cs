using System.Text.RegularExpressions;

namespace TorrentPS.Tests.Help;

/// <summary>The parsed help page of a cmdlet.</summary>
internal sealed class CommandPage
{
    private readonly Dictionary<string, string> _sections;

    public CommandPage(string name)
    {
        _sections = Split(Repository.Page(name), "## ");
        Parameters = Split(this["PARAMETERS"], "### ").Where(part => part.Key.StartsWith('-')).ToDictionary(part => part.Key[1..], part => part.Value);
        Outputs = Split(this["OUTPUTS"], "### ");
        Examples = Split(this["EXAMPLES"], "### ");
        Sets = [.. Split(this["SYNTAX"], "### ").Keys];
    }

    /// <summary>The sections of parameters, by name.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; }

    public IReadOnlyDictionary<string, string> Outputs { get; }

    public IReadOnlyDictionary<string, string> Examples { get; }

    public IReadOnlyList<string> Sets { get; }

    public string this[string section] => _sections.TryGetValue(section, out string? text) ? text : throw new KeyNotFoundException($"The page has no section '## {section}'.");

    /// <summary>The text about a parameter, without the block of facts.</summary>
    public string TextOf(string parameter) => Parameters[parameter][..Parameters[parameter].IndexOf("```yaml", StringComparison.Ordinal)].Trim();

    /// <summary>A fact about a parameter.</summary>
    public string Fact(string parameter, string key) => Regex.Match(Parameters[parameter], $@"(?m)^{key}: (.*)$").Groups[1].Value;

    public string[] Aliases(string parameter) => [.. Regex.Matches(Regex.Match(Parameters[parameter], @"Aliases:\n((?:- .*\n)+)").Value, "(?m)^- (.*)$").Select(match => match.Groups[1].Value)];

    /// <summary>The parameter sets of a parameter, each as one line of facts.</summary>
    public string[] FactsBySet(string parameter) =>
    [
        .. Regex.Matches(Parameters[parameter], @"- Name: (\S+)\n  Position: (\S+)\n  IsRequired: (\S+)\n  ValueFromPipeline: (\S+)\n  ValueFromPipelineByPropertyName: (\S+)")
            .Select(match => string.Join(' ', match.Groups.Values.Skip(1).Select(group => group.Value))).Order(StringComparer.Ordinal),
    ];

    // Lines of code blocks are no headings.
    private static Dictionary<string, string> Split(string text, string mark)
    {
        Dictionary<string, string> parts = [];
        string? key = null;
        bool isCode = false;
        foreach (string line in text.Split('\n'))
        {
            isCode ^= line.StartsWith("```", StringComparison.Ordinal);
            if (!isCode && line.StartsWith(mark, StringComparison.Ordinal))
                parts.Add(key = line[mark.Length..].Trim(), string.Empty);
            else if (key is not null)
                parts[key] += line + "\n";
        }
        return parts;
    }
}
