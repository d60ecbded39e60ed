using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Tests.Help;

/// <summary>Compares the pages, which Get-Help shows, with the code, in both directions.</summary>
public sealed class CommandPageTests
{
    public static TheoryData<string> Commands => [.. Repository.Cmdlets.Keys.Order(StringComparer.Ordinal)];

    [Fact]
    public void There_is_a_page_for_each_cmdlet_and_for_nothing_else()
    {
        string[] pages = [.. Directory.EnumerateFiles(Repository.File("docs", "en-US"), "*-*.md").Select(file => Path.GetFileNameWithoutExtension(file))];

        Assert.Equal(Repository.Cmdlets.Keys.Order(), pages.Order());
    }

    [Fact]
    public void The_manifest_exports_each_cmdlet()
    {
        string manifest = File.ReadAllText(Repository.File("TorrentPS.psd1"));
        string list = Regex.Match(manifest, @"(?s)CmdletsToExport\s*=\s*@\((.*?)\)").Groups[1].Value;

        Assert.Equal(Repository.Cmdlets.Keys.Order(), Regex.Matches(list, "'([^']+)'").Select(match => match.Groups[1].Value).Order());
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Everything_has_its_text(string command)
    {
        CommandPage page = new(command);

        Assert.DoesNotContain("{{", Repository.Page(command), StringComparison.Ordinal);
        Assert.True(page["SYNOPSIS"].Trim().Length > 20);
        Assert.True(page["DESCRIPTION"].Trim().Length > 100);
        Assert.True(page["INPUTS"].Trim().Length > 20);
        Assert.True(page["NOTES"].Trim().Length > 20);
        Assert.All(page.Parameters.Keys, parameter => Assert.True(page.TextOf(parameter).Length > 15, $"-{parameter} has no text."));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void There_are_three_examples_each_with_code(string command)
    {
        CommandPage page = new(command);

        Assert.True(page.Examples.Count >= 3, $"There are {page.Examples.Count} examples.");
        Assert.All(page.Examples, example => Assert.Matches(@"(?s)```powershell\n.*\S.*\n```", example.Value));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_parameters_are_those_of_the_code(string command)
    {
        CommandPage page = new(command);
        Type type = Repository.Cmdlets[command];
        List<string> expected = [.. Parameters(type).Select(property => property.Name)];
        if (Repository.Named(Repository.Attributes<CmdletAttribute>(type).Single(), "SupportsShouldProcess") is true)
            expected.AddRange(["Confirm", "WhatIf"]);

        Assert.Equal(expected.Order(), page.Parameters.Keys.Order());
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Each_parameter_is_described_correctly(string command)
    {
        CommandPage page = new(command);
        foreach (PropertyInfo parameter in Parameters(Repository.Cmdlets[command]))
        {
            string name = parameter.Name;
            Assert.Equal($"{name}: {NameOf(parameter.PropertyType)}", $"{name}: {page.Fact(name, "Type")}");
            Assert.Equal($"{name}: {Repository.Attributes<SupportsWildcardsAttribute>(parameter).Any()}", $"{name}: {page.Fact(name, "SupportsWildcards")}", ignoreCase: true);
            Assert.Equal(Aliases(parameter), page.Aliases(name));
            Assert.Equal(FactsBySet(parameter), page.FactsBySet(name));
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_syntax_has_every_parameter_in_its_sets(string command)
    {
        CommandPage page = new(command);
        string[] sets = [.. Parameters(Repository.Cmdlets[command]).SelectMany(ParameterAttributes).Select(SetOf).Distinct().Where(set => set != "(All)")];

        Assert.Equal((sets.Length == 0 ? ["__AllParameterSets"] : sets).Order(), page.Sets.Select(set => set.Replace(" (Default)", "", StringComparison.Ordinal)).Order());
        Assert.All(Parameters(Repository.Cmdlets[command]), parameter => Assert.Matches($@"(?<!\w)-{parameter.Name}\b", page["SYNTAX"]));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Each_parameter_has_a_tool_tip(string command)
    {
        foreach (PropertyInfo parameter in Parameters(Repository.Cmdlets[command]))
            Assert.All(ParameterAttributes(parameter), attribute => Assert.False(string.IsNullOrEmpty((string?)Repository.Named(attribute, "HelpMessage")), parameter.Name));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_outputs_are_those_of_the_code(string command)
    {
        Assert.Equal(Repository.OutputsOf(Repository.Cmdlets[command]).Select(NameOf).Order(), new CommandPage(command).Outputs.Keys.Order());
    }

    [Fact]
    public void Each_property_in_the_output_has_its_text()
    {
        foreach (Type type in Repository.OutputTypes)
        {
            string[] texts = [.. Repository.Cmdlets.Keys.Select(name => new CommandPage(name).Outputs.GetValueOrDefault(type.FullName!)).OfType<string>()];
            HashSet<string> named = [.. texts.SelectMany(text => Regex.Matches(text, @"(?m)^- \*\*(\w+)\*\*: \S").Select(match => match.Groups[1].Value))];
            Assert.All(type.GetProperties(), property => Assert.True(named.Contains(property.Name), $"No page says what {type.Name}.{property.Name} is."));
            // ElapsedSeconds and LatencySeconds come from the type data.
            Assert.All(named, name => Assert.True(type.GetProperty(name) is not null || name.EndsWith("Seconds", StringComparison.Ordinal), $"{type.Name} has no {name}."));
        }
    }

    /// <summary>Scripts find the same identifiers in both faces, and in one list.</summary>
    [Fact]
    public void No_error_has_an_identifier_of_the_module_only() =>
        Assert.Empty(Regex.Matches(File.ReadAllText(Repository.File("src", "TorrentPS", "Formatting", "ErrorRecords.cs")), "\"([A-Z][A-Za-z]+)\", ErrorCategory"));

    [Fact]
    public void Each_error_has_its_text()
    {
        string about = Repository.Page("about_TorrentPS");
        Assert.All(Enum.GetNames<TorrentErrorId>(), id => Assert.Matches($@"(?m)^{id} +\S", about));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_links_lead_to_pages(string command)
    {
        string[] targets = [.. Regex.Matches(new CommandPage(command)["RELATED LINKS"], @"\]\(([^)]+)\)").Select(match => match.Groups[1].Value)];

        Assert.NotEmpty(targets);
        Assert.All(targets, target => Assert.True(File.Exists(Repository.File("docs", "en-US", target)), target));
    }

    [Theory]
    [InlineData("about_TorrentPS")]
    [InlineData("about_TorrentPS_Automation")]
    public void About_topics_fit_a_console(string topic)
    {
        string page = Repository.Page(topic);

        Assert.StartsWith($"# {topic}\n", page, StringComparison.Ordinal);
        Assert.Contains("## SHORT DESCRIPTION", page, StringComparison.Ordinal);
        Assert.All(page.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    private static IEnumerable<PropertyInfo> Parameters(Type type) => type.GetProperties().Where(property => ParameterAttributes(property).Any());

    private static IEnumerable<CustomAttributeData> ParameterAttributes(PropertyInfo property) => Repository.Attributes<ParameterAttribute>(property);

    private static string SetOf(CustomAttributeData attribute) => (string?)Repository.Named(attribute, "ParameterSetName") ?? "(All)";

    private static string[] Aliases(PropertyInfo parameter) =>
        [.. Repository.Attributes<AliasAttribute>(parameter).SelectMany(attribute => attribute.ConstructorArguments).SelectMany(Repository.Values).Cast<string>()];

    private static string[] FactsBySet(PropertyInfo parameter) =>
    [
        .. ParameterAttributes(parameter)
            .Select(attribute => string.Join(
                ' ',
                SetOf(attribute),
                Repository.Named(attribute, "Position")?.ToString() ?? "Named",
                Flag(attribute, "Mandatory"),
                Flag(attribute, "ValueFromPipeline"),
                Flag(attribute, "ValueFromPipelineByPropertyName")))
            .Order(StringComparer.Ordinal),
    ];

    private static string Flag(CustomAttributeData attribute, string name) => Repository.Named(attribute, name) is true ? "true" : "false";

    // In PlatyPS's spelling.
    private static string NameOf(Type type) => Nullable.GetUnderlyingType(type) is { } value
        ? $"System.Nullable`1[{value.FullName}]"
        : type.FullName!;
}
