using System.Text.RegularExpressions;

namespace TorrentPS.Interop.Tests;

/// <summary>No test is skipped where all must run: the build server's script installs every program that tests require.</summary>
public sealed partial class InstalledProgramsTests
{
    // Present on every system that builds this.
    private static readonly string[] s_given = ["bash", "coreutils", "diffutils", "python3", "dotnet-sdk-10.0"];

    public static TheoryData<string> Packages =>
        [.. Directory.EnumerateFiles(Path.Combine(Root(), "tests", "TorrentPS.Interop.Tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => Requirement().Matches(File.ReadAllText(file)))
            .SelectMany(match => match.Groups[1].Value.Split(' '))
            .Except(s_given).Distinct().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Packages))]
    public void Programs_that_tests_require_are_installed_on_the_build_server(string package)
    {
        string script = File.ReadAllText(Path.Combine(Root(), ".ci", "run"));
        Assert.Matches($@"[\w/]+:{Regex.Escape(package)}\b|echo {Regex.Escape(package)}\b", script);
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "TorrentPS.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("TorrentPS.sln is in no folder above the tests.");
    }

    [GeneratedRegex("""Installed\.Require\("[^"]+", "([^"]+)"\)""")]
    private static partial Regex Requirement();
}
