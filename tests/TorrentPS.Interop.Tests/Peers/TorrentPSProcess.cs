using System.Reflection;
using System.Text.Json.Nodes;
using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests.Peers;

/// <summary>The tool <c>torrentps</c> as a separate process.</summary>
internal static class TorrentPSProcess
{
    private static readonly Lazy<Task<bool>> s_envSetsSignals = new(EnvSetsSignalsAsync);

    private static string Library => typeof(TorrentPSProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "TorrentPS.Cli").Value!;

    /// <summary>The command that runs it, for a script.</summary>
    public static string[] Command => [Dotnet, Library];

    private static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Installed.Require("dotnet", "dotnet-sdk-10.0");

    public static async Task<ExternalProcess> StartAsync(string folder, params string[] arguments)
    {
        string dotnet = Dotnet;
        // If a test run is started in the background, its shell makes it ignore Ctrl+C, and child processes inherit that.
        return await s_envSetsSignals.Value
            ? ExternalProcess.Start("/usr/bin/env", ["--default-signal=INT,TERM,HUP", dotnet, Library, .. arguments], folder)
            : ExternalProcess.Start(dotnet, [Library, .. arguments], folder);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, ExternalProcess Process)> RunAsync(string folder, params string[] arguments)
    {
        await using ExternalProcess process = await StartAsync(folder, arguments);
        return (await process.WaitForExitAsync(Limits.Transfer), process);
    }

    /// <summary>The objects printed by <c>--json</c>, one per line and nothing else.</summary>
    public static JsonNode[] Json(ExternalProcess process) =>
        [.. process.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => JsonNode.Parse(line)!)];

    private static async Task<bool> EnvSetsSignalsAsync()
    {
        if (!File.Exists("/usr/bin/env"))
            return false;
        await using ExternalProcess env = ExternalProcess.Start("/usr/bin/env", ["--default-signal=INT,TERM,HUP", "true"], Path.GetTempPath());
        return await env.WaitForExitAsync(Limits.Start) == 0;
    }
}
