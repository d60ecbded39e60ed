using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace TorrentPS.Tests;

/// <summary>Runs the Pester suite, which needs a real PowerShell, one file a test.</summary>
public sealed class PesterSuiteTests
{
    private const string Install = "Install PowerShell 7.6 or later (https://aka.ms/powershell) and Pester 5 (Install-PSResource Pester) to run the cmdlets' tests.";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);
    private static readonly Lazy<Task<string?>> s_missing = new(FindMissingAsync);

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(SuiteFolder, "*.Tests.ps1").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static string SuiteFolder => Path.Combine(RepositoryRoot, "tests", "Pester");

    /// <summary>Where the build that these tests are of lays the module out.</summary>
    private static string ModuleFolder
    {
        get
        {
#if DEBUG
            return Path.Combine(RepositoryRoot, "out", "Debug", "TorrentPS");
#else
            return Path.Combine(RepositoryRoot, "out", "TorrentPS");
#endif
        }
    }

    private static string RepositoryRoot
    {
        get
        {
            string? folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Combine(folder, "TorrentPS.sln")))
                folder = Path.GetDirectoryName(folder);
            return folder ?? throw new DirectoryNotFoundException("TorrentPS.sln is in no folder above the tests.");
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Pester(string file)
    {
        if (await s_missing.Value is { } missing)
            Assert.Skip(missing);

        (int exitCode, string output) = await RunAsync("-File", Path.Combine(SuiteFolder, "Invoke-Suite.ps1"), "-Path", Path.Combine(SuiteFolder, file), "-Brief");

        Assert.True(exitCode == 0, $"{file} ended with {exitCode}:{Environment.NewLine}{output}");
    }

    private static async Task<string?> FindMissingAsync()
    {
        const string Probe = "if ($PSVersionTable.PSVersion -lt '7.6') { exit 3 }; if (-not (Get-Module Pester -ListAvailable | Where-Object { $_.Version.Major -eq 5 })) { exit 4 }";
        try
        {
            (int exitCode, string output) = await RunAsync("-Command", Probe);
            return exitCode switch
            {
                0 => null,
                3 => $"The pwsh found is older than 7.6. {Install}",
                4 => $"Pester 5 is not installed. {Install}",
                _ => throw new InvalidOperationException($"pwsh ended with {exitCode}: {output}"),
            };
        }
        catch (Win32Exception)
        {
            return $"pwsh is not on the PATH. {Install}";
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        ProcessStartInfo start = new("pwsh", ["-NoProfile", "-NonInteractive", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NO_COLOR"] = "1";
        start.Environment["TORRENTPS_MODULE"] = ModuleFolder;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        StringBuilder output = new();
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(output, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(s_limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            lock (output)
                throw new TimeoutException($"pwsh {string.Join(' ', arguments)} did not end within {s_limit}:{Environment.NewLine}{output}");
        }
        lock (output)
            return (process.ExitCode, output.ToString());
    }

    private static void Append(StringBuilder output, string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.AppendLine(line);
    }
}
