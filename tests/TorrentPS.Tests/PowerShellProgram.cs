using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace TorrentPS.Tests;

/// <summary>
/// The PowerShell that runs the Pester suite: the one that <see cref="Variable"/> names, otherwise that of the package restored by the build, otherwise the <c>pwsh</c>
/// of the PATH.
/// </summary>
internal sealed class PowerShellProgram
{
    /// <summary>The environment variable that selects another <c>pwsh</c>.</summary>
    public const string Variable = "TORRENTPS_PWSH";

    private readonly string _fileName;
    private readonly string[] _arguments;

    private PowerShellProgram(string fileName, string[] arguments, bool isOptional)
    {
        _fileName = fileName;
        _arguments = [.. arguments, "-NoProfile", "-NonInteractive"];
        IsOptional = isOptional;
    }

    /// <summary>Whether PowerShell is only optional here: the build could not restore one, and no variable names one.</summary>
    public bool IsOptional { get; }

    public static PowerShellProgram Find()
    {
        string compiled = Metadata("PowerShell.Compiled");
        return Choose(Environment.GetEnvironmentVariable(Variable), File.Exists(compiled) ? compiled : Metadata("PowerShell.Assembly"));
    }

    /// <summary>Chooses by the variable's value and the package's path.</summary>
    public static PowerShellProgram Choose(string? named, string assembly) => (named, File.Exists(assembly)) switch
    {
        ({ Length: > 0 }, _) => new PowerShellProgram(named, [], isOptional: false),
        (_, true) => new PowerShellProgram(Dotnet(), [assembly], isOptional: false),
        _ => new PowerShellProgram("pwsh", [], isOptional: true),
    };

    public override string ToString() => string.Join(' ', [_fileName, .. _arguments]);

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The program does not exist.</exception>
    /// <exception cref="TimeoutException">It did not end within the limit, and was killed.</exception>
    public async Task<(int ExitCode, string Output)> RunAsync(string[] arguments, IReadOnlyDictionary<string, string> environment, TimeSpan limit, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(_fileName, [.. _arguments, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NO_COLOR"] = "1";
        start.Environment["TORRENTPS_PESTER_FIXTURES"] = Metadata("Pester.Fixtures");
        start.Environment["PSModulePath"] = string.Join(Path.PathSeparator, [Metadata("PowerShell.Modules"), .. Existing("PSModulePath")]);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        StringBuilder output = new();
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(output, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(end.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            lock (output)
                throw new TimeoutException($"{this} {string.Join(' ', arguments)} did not end within {limit}:{Environment.NewLine}{output}");
        }
        lock (output)
            return (process.ExitCode, output.ToString());
    }

    /// <summary>The program that runs assemblies: that of the running .NET, wherever it is.</summary>
    private static string Dotnet() =>
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    private static string Metadata(string key) =>
        typeof(PowerShellProgram).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;

    private static string[] Existing(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? [value] : [];

    private static void Append(StringBuilder output, string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.AppendLine(line);
    }
}
