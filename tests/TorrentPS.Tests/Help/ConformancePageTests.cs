using System.Text.RegularExpressions;

namespace TorrentPS.Tests.Help;

/// <summary>docs/conformance.md has all of PowerShell's rules, and the tests it names exist.</summary>
public sealed partial class ConformancePageTests
{
    // Six required by design and seven by code, five and four strongly encouraged, five and six advisory.
    private static readonly (string Prefix, int Count)[] s_rules = [("RD", 6), ("RC", 7), ("SD", 5), ("SC", 4), ("AD", 5), ("AC", 6)];

    private static readonly string[][] s_rows = [.. File.ReadLines(Repository.File("docs", "conformance.md"))
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.EndsWith("| test |", StringComparison.Ordinal))
        .Select(line => line.Trim('|', ' ').Split(" | "))];

    public static TheoryData<string, string> Rows => [.. s_rows.Select(row => (row[0], row[^1]))];

    [Fact]
    public void Each_of_the_33_rules_has_a_row()
    {
        string[] rules = [.. s_rules.SelectMany(rule => Enumerable.Range(1, rule.Count).Select(number => $"{rule.Prefix}{number:00}"))];
        Assert.Equal(33, rules.Length);
        Assert.Equal(rules, s_rows.Select(row => row[0].Split(' ')[0]).Where(word => RuleId().IsMatch(word)));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void The_tests_in_a_row_exist(string rule, string tests)
    {
        int named = 0;
        foreach (Match pester in PesterTest().Matches(tests))
        {
            named++;
            string file = Repository.File("tests", "Pester", $"{pester.Groups[1].Value}.Tests.ps1");
            Assert.True(File.Exists(file), $"{rule}: there is no {file}");
            string words = pester.Groups[2].Value;
            Assert.True(PesterName().Matches(File.ReadAllText(file)).Any(name => name.Groups[1].Value.Contains(words, StringComparison.Ordinal)), $"{rule}: no test in {file} is called '{words}'");
        }

        foreach (Match code in CodeTest().Matches(tests))
        {
            named++;
            Type? type = typeof(ConformancePageTests).Assembly.GetTypes().SingleOrDefault(type => type.Name == code.Groups[1].Value);
            Assert.True(type is not null, $"{rule}: there is no class {code.Groups[1].Value}");
            if (code.Groups[2].Success)
                Assert.True(type.GetMethod(code.Groups[2].Value) is not null, $"{rule}: {type.Name} has no {code.Groups[2].Value}");
        }

        Assert.True(named > 0, $"{rule} names no test: {tests}");
        Assert.True(Leftover().Replace(CodeTest().Replace(PesterTest().Replace(tests, ""), ""), "").Trim(' ', ';').Length == 0, $"{rule} has words that name no test: {tests}");
    }

    [GeneratedRegex(@"^[A-Z]{2}\d\d$")]
    private static partial Regex RuleId();

    [GeneratedRegex(@"([\w-]+): \*([^*]+)\*")]
    private static partial Regex PesterTest();

    [GeneratedRegex(@"`(\w+Tests)(?:\.(\w+))?`")]
    private static partial Regex CodeTest();

    [GeneratedRegex(@"(?m)^\s*It '((?:[^']|'')*)'")]
    private static partial Regex PesterName();

    [GeneratedRegex(@", the cases of \[[^\]]+\]\([^)]+\)")]
    private static partial Regex Leftover();
}
