using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace TorrentPS.Benchmarks.Measuring;

/// <summary>A child process: its last output is recorded, and it ends when this object is disposed.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptCharacters = 4096;

    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(10);

    private static readonly ConcurrentDictionary<ChildProcess, bool> s_running = new();

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Action<string>? _onLine;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _endedAt;

    // An interrupted measurement may not end by itself.
    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (ChildProcess process in s_running.Keys)
            process.Kill();
    };

    private ChildProcess(ProcessStartInfo start, Action<string>? onLine)
    {
        _onLine = onLine;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.Exited += (_, _) =>
        {
            _endedAt = Stopwatch.GetTimestamp();
            _ended.TrySetResult();
        };
        _process.OutputDataReceived += (_, e) => Append(e.Data, isOutput: true);
        _process.ErrorDataReceived += (_, e) => Append(e.Data, isOutput: false);
        StartedAt = Stopwatch.GetTimestamp();
        _process.Start();
        s_running[this] = true;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Its start, on the stopwatch's clock.</summary>
    public long StartedAt { get; }

    /// <summary>Its end, on the same clock; valid once <see cref="Ended"/>.</summary>
    public long EndedAt => _endedAt;

    public Task Ended => _ended.Task;

    public int Id => _process.Id;

    public int ExitCode => _process.ExitCode;

    /// <summary>The end of its output.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString().Trim().Replace("\n", " | ", StringComparison.Ordinal);
        }
    }

    /// <param name="start">The program, its arguments and its environment.</param>
    /// <param name="onLine">Receives each line of its standard output, from any thread.</param>
    public static ChildProcess Start(ProcessStartInfo start, Action<string>? onLine = null) => new(start, onLine);

    public void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Asks it to end, kills it if it does not, and waits for its end.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (!_process.HasExited && grace > TimeSpan.Zero)
        {
            if (!OperatingSystem.IsWindows())
                Posix.Stop(_process.Id);
            await Task.WhenAny(Ended, Task.Delay(grace, CancellationToken.None)).ConfigureAwait(false);
        }

        Kill();
        await Ended.WaitAsync(s_endLimit, CancellationToken.None).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero).ConfigureAwait(false);
        s_running.TryRemove(this, out _);
        _process.Dispose();
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It ended by itself.
        }
    }

    private void Append(string? line, bool isOutput)
    {
        if (line is null)
            return;
        lock (_output)
        {
            _output.Append(line).Append('\n');
            if (_output.Length > 2 * KeptCharacters)
                _output.Remove(0, _output.Length - KeptCharacters);
        }

        if (isOutput)
            _onLine?.Invoke(line);
    }
}
