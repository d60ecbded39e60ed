using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace TorrentPS.Interop.Tests.Harness;

/// <summary>A program that runs during a test: its output is recorded, and it ends with the test.</summary>
internal sealed class ExternalProcess : IAsyncDisposable
{
    private const int KeptCharacters = 32 << 10;

    private static readonly ConcurrentDictionary<ExternalProcess, bool> s_running = new();

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource _outputEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _errorsEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<string>? _onLine;
    private int? _exitCode;
    private bool _isDisposed;

    // An interrupted test may not reach its end.
    static ExternalProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (ExternalProcess process in s_running.Keys)
            process.Kill();
    };

    private ExternalProcess(ProcessStartInfo start, Action<string>? onLine)
    {
        _onLine = onLine;
        Name = Path.GetFileName(start.FileName);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => OnOutput(e.Data);
        _process.ErrorDataReceived += (_, e) => OnErrors(e.Data);
        _process.Start();
        s_running[this] = true;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _isDisposed || _process.HasExited;

    /// <summary>Its standard output; the end of it, if it is long.</summary>
    public string Output => Read(_output);

    /// <summary>Its standard error.</summary>
    public string Errors => Read(_errors);

    /// <summary>Its part of a failed test's message.</summary>
    public string Report => $"--- {Name}{(_exitCode is { } code ? $" (exit code {code})" : HasExited ? " (ended)" : "")}\n{End(Output)}\n{End(Errors)}";

    /// <param name="program">The path of the program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Its working folder.</param>
    /// <param name="environment">Variables added to the test's own.</param>
    /// <param name="onLine">Receives each line of its standard output, in order, from any thread.</param>
    public static ExternalProcess Start(
        string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string>? environment = null, Action<string>? onLine = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new ExternalProcess(start, onLine);
    }

    public void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Its exit code, once it has ended and all its output was read.</summary>
    /// <exception cref="TimeoutException">It did not end within the limit.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        Task ended = Task.WhenAll(_process.WaitForExitAsync(TestContext.Current.CancellationToken), _outputEnded.Task, _errorsEnded.Task);
        try
        {
            await ended.WaitAsync(limit, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name} did not end within {limit.TotalSeconds:0} s.\n{Report}");
        }

        _exitCode = _process.ExitCode;
        return _process.ExitCode;
    }

    /// <summary>Waits for a condition that the process brings about; fails at once if the process ends earlier.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, TimeSpan limit, string what) =>
        await Until.TrueAsync(
            async () => await condition() || (HasExited ? throw new InvalidOperationException($"{Name} ended before this came true: {what}.\n{Report}") : false),
            limit, what, () => Report);

    public Task UntilAsync(Func<bool> condition, TimeSpan limit, string what) => UntilAsync(() => Task.FromResult(condition()), limit, what);

    /// <summary>Ctrl+C.</summary>
    public void Interrupt() => Signal("INT");

    /// <summary>Sends a signal by its name.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {Id}"]);
        kill.WaitForExit();
    }

    /// <summary>kill -9, with all its children.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It ended by itself.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        s_running.TryRemove(this, out _);
        _isDisposed = true;
        _process.Dispose();
    }

    private void OnOutput(string? line)
    {
        if (line is null)
        {
            _outputEnded.TrySetResult();
            return;
        }

        Append(_output, line);
        _onLine?.Invoke(line);
    }

    private void OnErrors(string? line)
    {
        if (line is null)
            _errorsEnded.TrySetResult();
        else
            Append(_errors, line);
    }

    private static void Append(StringBuilder text, string line)
    {
        lock (text)
        {
            text.AppendLine(line);
            if (text.Length > 2 * KeptCharacters)
                text.Remove(0, text.Length - KeptCharacters);
        }
    }

    private static string End(string text) => string.Join('\n', text.TrimEnd().Split('\n').TakeLast(12));

    private static string Read(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }
}
