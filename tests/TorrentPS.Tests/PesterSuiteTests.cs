using System.ComponentModel;
using Xunit.Sdk;
using Xunit.v3;

// The files of the Pester suite are cases of one test: otherwise they would not run in parallel. They mostly wait.
[assembly: Parallelization(Mode = ParallelMode.All, MaxThreads = 6)]

namespace TorrentPS.Tests;

/// <summary>Runs the Pester suite in a real PowerShell, each file as a test in a separate process; several run in parallel, since they mostly wait.</summary>
public sealed class PesterSuiteTests
{
    // Far more than any takes, even on a busy machine.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);
    private static readonly Lazy<Task<Found>> s_found = new(FindAsync);

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(SuiteFolder, "*.Tests.ps1").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static string SuiteFolder => Repository.File("tests", "Pester");

    /// <summary>The module folder of the build to which these tests belong.</summary>
    private static string ModuleFolder
    {
        get
        {
#if DEBUG
            return Repository.File("out", "Debug", "TorrentPS");
#else
            return Repository.File("out", "TorrentPS");
#endif
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Pester(string file)
    {
        (PowerShellProgram program, string? missing) = await s_found.Value;
        if (missing is not null)
            Assert.Skip(missing);

        (int exitCode, string output) = await RunAsync(program, "-File", Path.Combine(SuiteFolder, "Invoke-Suite.ps1"), "-Path", Path.Combine(SuiteFolder, file), "-Brief");

        Assert.True(exitCode == 0, $"{file} ended with {exitCode} in {program}:{Environment.NewLine}{output}");
    }

    private static async Task<Found> FindAsync()
    {
        const string Probe = "if ($PSVersionTable.PSVersion -lt '7.6') { exit 3 }; if (-not (Get-Module Pester -ListAvailable | Where-Object { $_.Version.Major -eq 6 })) { exit 4 }";
        PowerShellProgram program = PowerShellProgram.Find();
        string? problem;
        try
        {
            (int exitCode, string output) = await RunAsync(program, "-Command", Probe);
            problem = exitCode switch
            {
                0 => null,
                3 => "it is older than 7.6",
                4 => "it has no Pester 6 (Install-PSResource Pester)",
                _ => throw new InvalidOperationException($"{program} ended with {exitCode}: {output}"),
            };
        }
        catch (Win32Exception exception)
        {
            problem = exception.Message;
        }
        if (problem is null)
            return new(program, null);
        string message = $"The cmdlets' own tests cannot run in '{program}': {problem}.";
        return program.IsOptional
            ? new(program, $"{message} The build could not restore the packages PowerShell and Pester; clean it and build where they are within reach, or have {PowerShellProgram.Variable} name a pwsh.")
            : throw new InvalidOperationException(message);
    }

    private static Task<(int ExitCode, string Output)> RunAsync(PowerShellProgram program, params string[] arguments) =>
        program.RunAsync(arguments, new Dictionary<string, string> { ["TORRENTPS_MODULE"] = ModuleFolder }, s_limit, TestContext.Current.CancellationToken);

    private sealed record Found(PowerShellProgram Program, string? Missing);
}
