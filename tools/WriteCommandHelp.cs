using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// A build task that writes what Get-Help reads (MAML) from the pages of the cmdlets, which are markdown of PlatyPS, so that the module has
/// its help wherever it is built.
/// </summary>
public class WriteCommandHelp : Task
{
    private static readonly XNamespace s_root = "http://msh";
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    [Required]
    public ITaskItem[] Pages { get; set; }

    [Required]
    public string Destination { get; set; }

    public override bool Execute()
    {
        XElement items = new XElement(
            s_root + "helpItems",
            new XAttribute("schema", "maml"),
            new XAttribute(XNamespace.Xmlns + "maml", s_maml),
            new XAttribute(XNamespace.Xmlns + "command", s_command),
            new XAttribute(XNamespace.Xmlns + "dev", s_dev));
        foreach (string page in Pages.Select(item => item.GetMetadata("FullPath")).OrderBy(path => path, StringComparer.Ordinal))
        {
            string text = File.ReadAllText(page).Replace("\r\n", "\n");
            string name = Path.GetFileNameWithoutExtension(page);
            Dictionary<string, string> sections = Split(text, "## ").ToDictionary(part => part.Key, part => part.Value);
            foreach (string section in new[] { "SYNOPSIS", "SYNTAX", "DESCRIPTION", "EXAMPLES", "PARAMETERS", "INPUTS", "OUTPUTS", "NOTES", "RELATED LINKS" })
            {
                if (!sections.ContainsKey(section))
                    Log.LogError(null, null, null, page, 0, 0, 0, 0, "The page has no section '## {0}'.", section);
            }
            if (!Log.HasLoggedErrors)
                items.Add(Command(name, sections));
        }
        if (Log.HasLoggedErrors)
            return false;
        Directory.CreateDirectory(Path.GetDirectoryName(Destination));
        new XDocument(new XDeclaration("1.0", "utf-8", null), items).Save(Destination);
        return true;
    }

    private static XElement Command(string name, Dictionary<string, string> sections)
    {
        List<Parameter> parameters = Split(sections["PARAMETERS"], "### ").Where(part => part.Key.StartsWith("-", StringComparison.Ordinal)).Select(Parameter.Read).ToList();
        List<string> sets = Split(sections["SYNTAX"], "### ").Select(part => part.Key.Replace(" (Default)", string.Empty)).ToList();
        string[] words = name.Split('-');
        return new XElement(
            s_command + "command",
            new XElement(
                s_command + "details",
                new XElement(s_command + "name", name),
                new XElement(s_maml + "description", Paragraphs(sections["SYNOPSIS"])),
                new XElement(s_command + "verb", words[0]),
                new XElement(s_command + "noun", words[1])),
            new XElement(s_maml + "description", Paragraphs(sections["DESCRIPTION"])),
            new XElement(s_command + "syntax", sets.Select(set => SyntaxItem(name, set, parameters))),
            new XElement(s_command + "parameters", parameters.Select(parameter => parameter.ToXml(parameter.Sets[0], true))),
            new XElement(s_command + "inputTypes", Types(sections["INPUTS"], "inputType")),
            new XElement(s_command + "returnValues", Types(sections["OUTPUTS"], "returnValue")),
            new XElement(s_maml + "alertSet", new XElement(s_maml + "alert", Paragraphs(sections["NOTES"]))),
            new XElement(s_command + "examples", Split(sections["EXAMPLES"], "### ").Select(Example)),
            new XElement(
                s_maml + "relatedLinks",
                Regex.Matches(sections["RELATED LINKS"], @"\[([^\]]+)\]\(").Cast<Match>().Select(link => new XElement(s_maml + "navigationLink", new XElement(s_maml + "linkText", link.Groups[1].Value), new XElement(s_maml + "uri")))));
    }

    private static XElement SyntaxItem(string name, string set, List<Parameter> parameters)
    {
        return new XElement(
            s_command + "syntaxItem",
            new XElement(s_maml + "name", name),
            parameters
                .Select(parameter => new { Parameter = parameter, Set = parameter.Sets.FirstOrDefault(candidate => candidate.Name == set || candidate.Name == "(All)") })
                .Where(pair => pair.Set != null)
                .OrderBy(pair => pair.Set.Position == "Named" ? int.MaxValue : int.Parse(pair.Set.Position))
                .ThenBy(pair => pair.Set.IsRequired ? 0 : 1)
                .Select(pair => pair.Parameter.ToXml(pair.Set, false)));
    }

    private static XElement Example(KeyValuePair<string, string> part)
    {
        Match code = Regex.Match(part.Value, "```powershell\n(.*?)\n```", RegexOptions.Singleline);
        return new XElement(
            s_command + "example",
            new XElement(s_maml + "title", $"--------- {part.Key} ---------"),
            new XElement(s_dev + "code", code.Groups[1].Value),
            // The console begins the next one where this one ends: an empty paragraph keeps them apart.
            new XElement(s_dev + "remarks", Paragraphs(part.Value.Substring(code.Index + code.Length)), new XElement(s_maml + "para")));
    }

    private static IEnumerable<XElement> Types(string section, string element)
    {
        return Split(section, "### ").Select(part => new XElement(
            s_command + element,
            new XElement(s_dev + "type", new XElement(s_maml + "name", part.Key)),
            new XElement(s_maml + "description", Paragraphs(part.Value))));
    }

    private static IEnumerable<XElement> Paragraphs(string markdown)
    {
        // The points of a list are paragraphs of their own.
        return Regex.Split(markdown.Trim(), @"\n\s*\n|\n(?=- )")
            .Where(paragraph => paragraph.Length > 0)
            .Select(paragraph => new XElement(s_maml + "para", Plain(paragraph)));
    }

    // Text without its marks, on one line: the console breaks lines where its window ends.
    private static string Plain(string markdown)
    {
        string text = Regex.Replace(markdown, @"\[([^\]]+)\]\([^)]+\)", "$1");
        text = Regex.Replace(text, @"\*\*([^*]+)\*\*", "$1");
        text = Regex.Replace(text, "`([^`]+)`", "$1");
        return Regex.Replace(text, @"\s*\n\s*", " ").Trim();
    }

    // Cuts a page where lines begin with a mark; headings inside of code are none.
    private static IEnumerable<KeyValuePair<string, string>> Split(string text, string mark)
    {
        string key = null;
        bool code = false;
        StringBuilder body = new StringBuilder();
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                code = !code;
            if (code || !line.StartsWith(mark, StringComparison.Ordinal))
            {
                body.Append(line).Append('\n');
                continue;
            }
            if (key != null)
                yield return new KeyValuePair<string, string>(key, body.ToString());
            key = line.Substring(mark.Length).Trim();
            body.Clear();
        }
        if (key != null)
            yield return new KeyValuePair<string, string>(key, body.ToString());
    }

    private sealed class ParameterSet
    {
        public string Name;
        public string Position;
        public bool IsRequired;
        public bool ByValue;
        public bool ByPropertyName;
    }

    private sealed class Parameter
    {
        public string Name;
        public string Description;
        public string Type;
        public string Default;
        public string Aliases;
        public bool SupportsWildcards;
        public List<ParameterSet> Sets;

        public static Parameter Read(KeyValuePair<string, string> part)
        {
            int yaml = part.Value.IndexOf("```yaml", StringComparison.Ordinal);
            string data = part.Value.Substring(yaml);
            string sets = data.Substring(data.IndexOf("ParameterSets:", StringComparison.Ordinal));
            Match aliases = Regex.Match(data, @"Aliases:\n((?:- .*\n)+)");
            return new Parameter
            {
                Name = part.Key.Substring(1),
                Description = part.Value.Substring(0, yaml),
                Type = Value(data, "Type"),
                Default = Value(data, "DefaultValue"),
                Aliases = aliases.Success ? string.Join(", ", aliases.Groups[1].Value.Split(new[] { "- ", "\n" }, StringSplitOptions.RemoveEmptyEntries)) : "none",
                SupportsWildcards = Value(data, "SupportsWildcards") == "true",
                Sets = Regex.Split(sets, @"(?m)^- (?=Name:)").Skip(1).Select(set => new ParameterSet
                {
                    Name = Value(set, "Name"),
                    Position = Value(set, "Position"),
                    IsRequired = Value(set, "IsRequired") == "true",
                    ByValue = Value(set, "ValueFromPipeline") == "true",
                    ByPropertyName = Value(set, "ValueFromPipelineByPropertyName") == "true",
                }).ToList(),
            };
        }

        public XElement ToXml(ParameterSet set, bool described)
        {
            string pipeline = string.Join(", ", new[] { set.ByValue ? "ByValue" : null, set.ByPropertyName ? "ByPropertyName" : null }.Where(way => way != null));
            bool isSwitch = Type == "System.Management.Automation.SwitchParameter";
            return new XElement(
                s_command + "parameter",
                new XAttribute("required", set.IsRequired ? "true" : "false"),
                new XAttribute("variableLength", "false"),
                new XAttribute("globbing", SupportsWildcards ? "true" : "false"),
                new XAttribute("pipelineInput", pipeline.Length == 0 ? "False" : "True (" + pipeline + ")"),
                new XAttribute("position", set.Position == "Named" ? "named" : set.Position),
                new XAttribute("aliases", Aliases),
                new XElement(s_maml + "name", Name),
                new XElement(s_maml + "description", described ? Paragraphs(Description) : null),
                isSwitch && !described ? null : new XElement(s_command + "parameterValue", new XAttribute("required", isSwitch ? "false" : "true"), new XAttribute("variableLength", "false"), Type.Substring(Type.LastIndexOf('.') + 1)),
                new XElement(s_dev + "type", new XElement(s_maml + "name", Type), new XElement(s_maml + "uri")),
                new XElement(s_dev + "defaultValue", Default));
        }

        private static string Value(string yaml, string key)
        {
            return Regex.Match(yaml, @"(?m)^\s*" + key + @":[ ]*(.*)$").Groups[1].Value.Trim().Trim('\'');
        }
    }
}
