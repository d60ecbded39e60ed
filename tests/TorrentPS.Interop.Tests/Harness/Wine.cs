using System.Reflection;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests.Harness;

/// <summary>A Windows installation for the tests of a class, in a temporary folder: Wine, and .NET and PowerShell for Windows from their packages.</summary>
public sealed class Wine : IAsyncLifetime
{
    // One start takes seconds, and many on a busy machine.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(240);

    private readonly TempFolder _temp = new();
    private readonly Dictionary<string, string> _environment;
    private string? _wine;
    private string? _missing;

    public Wine() => _environment = new()
    {
        ["WINEPREFIX"] = _temp.File("prefix"),
        ["WINEDEBUG"] = "-all",
        ["DISPLAY"] = "",
        // Wine cannot map memory twice, once for writing and once for execution.
        ["DOTNET_EnableWriteXorExecute"] = "0",
        // The host of these tests sets the second variable for child processes, and it takes precedence.
        ["DOTNET_ROOT"] = PathOf(_temp.File("dotnet")),
        ["DOTNET_ROOT_X64"] = PathOf(_temp.File("dotnet")),
        ["POWERSHELL_TELEMETRY_OPTOUT"] = "1",
        ["NO_COLOR"] = "1",
        ["TERM"] = "xterm",
        ["TORRENTPS_STATE"] = PathOf(_temp.File("state")),
    };

    /// <summary>The module as laid out by the build, which is what is published.</summary>
    public static string Module => Metadata("TorrentPS.Module");

    /// <summary>The Windows path of a file on this machine.</summary>
    public static string PathOf(string path) => $"Z:{path.Replace('/', '\\')}";

    public async ValueTask InitializeAsync()
    {
        _missing = FindMissing();
        if (_missing is not null)
            return;
        LayOutDotnet();
        // Without the installers of Mono and Gecko, which would offer downloads.
        await RunAsync(_wine!, ["wineboot", "-i"], new() { ["WINEDLLOVERRIDES"] = "mscoree=;mshtml=" });
        await RunAsync(_wine!, ["reg", "add", @"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f"]);
    }

    /// <summary>Skips the test if Wine or the programs to run are missing.</summary>
    public void Require() => Assert.SkipWhen(_missing is not null, _missing ?? "");

    /// <summary>Runs the tool to its end.</summary>
    internal Task<(int ExitCode, string Report)> RunToolAsync(params string[] arguments) => RunAsync(_wine!, [Path.Combine(Metadata("Windows.Cli"), "torrentps.exe"), .. arguments]);

    /// <summary>Runs a script in PowerShell for Windows, which needs a terminal.</summary>
    internal Task<(int ExitCode, string Report)> RunScriptAsync(string script, params string[] arguments)
    {
        string[] all = [_wine!, Path.Combine(Metadata("Windows.PowerShell"), "pwsh.exe"), "-NoProfile", "-NonInteractive", "-File", PathOf(script), .. arguments];
        return RunAsync("/usr/bin/script", ["-qefc", string.Join(' ', all.Select(part => $"'{part.Replace("'", "'\\''")}'")), "/dev/null"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_missing is null)
        {
            // Ends all processes in this Windows, and itself.
            await RunAsync(Installed.Find("wineserver") ?? "/usr/lib/wine/wineserver", ["-k"]);
            await RunAsync(Installed.Find("wineserver") ?? "/usr/lib/wine/wineserver", ["-w"]);
        }

        _temp.Dispose();
    }

    private string? FindMissing()
    {
        if (!OperatingSystem.IsLinux())
            return "Wine is tried on Linux.";
        _wine = Installed.Find("wine");
        if (_wine is null)
            return "wine is not installed: apt-get install wine";
        if (Installed.Find("script") is null)
            return "script is not installed: apt-get install bsdutils";
        string? folder = ((string[])["Windows.Cli", "Windows.Runtime", "Windows.Desktop", "Windows.PowerShell"]).Select(Metadata).FirstOrDefault(folder => !Directory.Exists(folder));
        return folder is null ? null : $"The build could not restore what runs on Windows ('{folder}'); clean it and build where the packages are within reach.";
    }

    /// <summary>The folders in which programs for Windows look for .NET, filled with links to the files of its packages.</summary>
    private void LayOutDotnet()
    {
        (string Name, string Package)[] frameworks = [("Microsoft.NETCore.App", Metadata("Windows.Runtime")), ("Microsoft.WindowsDesktop.App", Metadata("Windows.Desktop"))];
        foreach ((string name, string package) in frameworks)
        {
            // .../VERSION/runtimes/win-x64/
            string version = Path.GetFileName(Path.GetFullPath(Path.Combine(package, "..", ".."))).TrimEnd('/');
            string target = _temp.Folder(Path.Combine("dotnet", "shared", name, version));
            string[] files = [.. Directory.EnumerateFiles(Path.Combine(package, "native")), .. Directory.EnumerateFiles(Directory.EnumerateDirectories(Path.Combine(package, "lib")).Single())];
            foreach (string file in files)
                File.CreateSymbolicLink(Path.Combine(target, Path.GetFileName(file)), file);
            if (name == "Microsoft.NETCore.App")
                File.CreateSymbolicLink(Path.Combine(_temp.Folder(Path.Combine("dotnet", "host", "fxr", version)), "hostfxr.dll"), Path.Combine(package, "native", "hostfxr.dll"));
        }
    }

    private async Task<(int ExitCode, string Report)> RunAsync(string program, string[] arguments, Dictionary<string, string>? more = null)
    {
        await using ExternalProcess process = ExternalProcess.Start(program, arguments, _temp.Path, _environment.Concat(more ?? []).ToDictionary());
        return (await process.WaitForExitAsync(s_limit), $"{process.Output}\n{process.Errors}");
    }

    private static string Metadata(string key) => typeof(TorrentPSProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;
}
