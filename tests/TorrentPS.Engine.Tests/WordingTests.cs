using System.Text.RegularExpressions;

namespace TorrentPS.Engine.Tests;

/// <summary>Keeps hard phrases out of sources, tests and pages: people where CONTRIBUTING.md ("Words") has a noun, and ordinals such as "3. peer".</summary>
public sealed partial class WordingTests
{
    [GeneratedRegex(@"whoever|(?<![a-z])(somebody|anybody|nobody)(?![a-z""'])|\bwhat is there\b|\bwho (asks?|connects?|sends?|requests?|answers?)\b|(?<![\d.] ?)\b[1-9]\d?\. (connection|peer|message|piece|block|time|request)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Hard();

    [Theory]
    [InlineData("src", "*.cs")]
    [InlineData("tests", "*.cs")]
    [InlineData("tests", "*.ps1")]
    [InlineData("docs", "*.md")]
    [InlineData(".", "*.md")]
    public void Texts_name_peers_trackers_and_programs(string folder, string pattern)
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Join(SecurityDefaultsTests.Root, folder), pattern, folder == "." ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories).Where(IsChecked)];
        Assert.NotEmpty(files);
        string[] found = [.. files.SelectMany(file => File.ReadLines(file).Select((line, index) => (Line: line, Place: $"{file}:{index + 1}: {line.Trim()}"))).Where(text => Hard().IsMatch(text.Line)).Select(text => text.Place)];
        Assert.Empty(found);
    }

    // The page that quotes the phrases, and this test.
    private static bool IsChecked(string file) =>
        !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj") && Path.GetFileName(file) is not ("CONTRIBUTING.md" or "WordingTests.cs");
}
