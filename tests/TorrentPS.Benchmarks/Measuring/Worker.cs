using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Threading.Channels;

namespace TorrentPS.Benchmarks.Measuring;

/// <summary>
/// This program as a separate process that does one task on each request, so that its CPU time and memory are those of the task. It writes a line when it is ready; for
/// each line it reads, it does its work and answers with a line; it ends with its input.
/// </summary>
internal sealed class Worker : IAsyncDisposable
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);

    private readonly Channel<string> _lines;
    private readonly ChildProcess _process;

    private Worker(ChildProcess process, Channel<string> lines) => (_process, _lines) = (process, lines);

    /// <summary>The line with which it became ready.</summary>
    public string Greeting { get; private set; } = "";

    /// <summary>The maximum of its anonymous memory during a run; 0 if unknown.</summary>
    public long PeakAnonymous { get; private set; }

    public static async Task<Worker> StartAsync(string name, params string[] arguments)
    {
        string program = Environment.ProcessPath!;
        List<string> all = [CommandTree.WorkerCommand, name, .. arguments];
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            all.Insert(0, Assembly.GetExecutingAssembly().Location);
        Channel<string> lines = Channel.CreateUnbounded<string>();
        var worker = new Worker(ChildProcess.Start(new ProcessStartInfo(program, all), line => lines.Writer.TryWrite(line)), lines);
        try
        {
            worker.Greeting = await worker.ReadAsync(s_startLimit).ConfigureAwait(false);
            return worker;
        }
        catch
        {
            await worker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes it do its work once.</summary>
    public async Task<T> RunAsync<T>(TimeSpan limit)
    {
        _process.WriteLine("run");
        Task<string> answer = ReadAsync(limit);
        while (!answer.IsCompleted)
        {
            Look();
            await Task.WhenAny(answer, Task.Delay(s_look, CancellationToken.None)).ConfigureAwait(false);
        }

        return JsonSerializer.Deserialize<T>(await answer.ConfigureAwait(false))!;
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <summary>The worker's side: reports that it is ready, and works for each line it reads.</summary>
    public static async Task ServeAsync(string greeting, Func<Task<object>> work)
    {
        await SayAsync(greeting).ConfigureAwait(false);
        while (await Console.In.ReadLineAsync().ConfigureAwait(false) is not null)
            await SayAsync(JsonSerializer.Serialize(await work().ConfigureAwait(false))).ConfigureAwait(false);
    }

    private static async Task SayAsync(string line)
    {
        await Console.Out.WriteLineAsync(line).ConfigureAwait(false);
        await Console.Out.FlushAsync().ConfigureAwait(false);
    }

    private void Look()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            PeakAnonymous = Math.Max(PeakAnonymous, ProcessTree.AnonymousOf(_process.Id));
        }
        catch (IOException)
        {
            // It has ended; the missing answer will show that.
        }
    }

    private async Task<string> ReadAsync(TimeSpan limit)
    {
        using var late = new CancellationTokenSource(limit);
        Task<string> line = _lines.Reader.ReadAsync(late.Token).AsTask();
        await Task.WhenAny(line, _process.Ended).ConfigureAwait(false);
        if (!line.IsCompleted)
            await Task.WhenAny(line, Task.Delay(100, CancellationToken.None)).ConfigureAwait(false); // its last line may still be in transit
        if (line.IsCompletedSuccessfully)
            return await line.ConfigureAwait(false);
        throw new InvalidOperationException(_process.Ended.IsCompleted
            ? $"A part of the measurement ended early: {_process.Output}"
            : $"A part of the measurement took more than {limit.TotalSeconds:0} s: {_process.Output}");
    }
}
