using System.Text.RegularExpressions;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Tests.Help;

/// <summary>Compares the Pester suite and the README with the cmdlets: an untested or unnamed one fails.</summary>
public sealed class CoverageTests
{
    private static readonly string[] s_files = [.. Directory.EnumerateFiles(Repository.File("tests", "Pester"), "*.Tests.ps1").Select(File.ReadAllText)];

    public static TheoryData<string> Commands => [.. Repository.Cmdlets.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Each_parameter_is_in_a_Pester_test_of_its_cmdlet(string command)
    {
        string[] tests = [.. s_files.SelectMany(file => Regex.Split(file, @"(?m)^\s*(?=It )")).Where(test => Regex.IsMatch(test, $@"\b{command}\b"))];
        string[] missing = [.. new CommandPage(command).Parameters.Keys.Where(name => !tests.Any(test => Regex.IsMatch(test, $@"-{name}\b|\b{name}\s*=")))];

        Assert.True(missing.Length == 0, $"No Pester test of {command} has -{string.Join(", -", missing)}.");
    }

    [Fact]
    public void Each_error_id_is_in_a_Pester_test()
    {
        // Unexpected is for unforeseen errors: no known case causes it.
        string[] missing = [.. Enum.GetNames<TorrentErrorId>().Where(id => id != nameof(TorrentErrorId.Unexpected) && !s_files.Any(file => Regex.IsMatch(file, $@"\b{id}\b")))];

        Assert.True(missing.Length == 0, $"No Pester test names {string.Join(", ", missing)}.");
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_table_in_the_README_names_each_cmdlet(string command) =>
        Assert.Matches($@"(?m)^\| [^|]*`{command}`[^|]*\|", File.ReadAllText(Repository.File("README.md")));
}
