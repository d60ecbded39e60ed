using System.Diagnostics;

namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>Fuzzes targets, some at a time, watches for hangs, keeps inputs that break a target, and reports the results.</summary>
internal sealed class FuzzRun(FuzzOptions options, TextWriter output)
{
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<(FuzzTarget Target, Fuzzer Fuzzer)> _running = [];

    /// <returns>The number of broken targets.</returns>
    public int Run(IReadOnlyList<FuzzTarget> targets)
    {
        output.WriteLine($"seed {options.Seed}, {options.Duration.TotalSeconds:0.#} s a target");
        output.WriteLine(FuzzReport.Head);
        var waiting = new Queue<FuzzTarget>(targets);
        List<FuzzReport> reports = [];
        Thread[] threads = [.. Enumerable.Range(0, Math.Min(options.Parallel, targets.Count)).Select(_ => new Thread(() => Work(waiting, reports)) { IsBackground = true })];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
        {
            while (!thread.Join(TimeSpan.FromSeconds(1)))
                Watch();
        }

        foreach (FuzzTarget target in targets)
            target.Dispose();
        long inputs = reports.Sum(report => report.Inputs);
        int broken = reports.Count(report => report.Faults.Count > 0);
        using var process = Process.GetCurrentProcess();
        output.WriteLine($"{inputs} inputs, {broken} of {targets.Count} targets broken, {process.PeakWorkingSet64 >> 20} MiB of memory at most");
        return broken;
    }

    private void Work(Queue<FuzzTarget> waiting, List<FuzzReport> reports)
    {
        while (true)
        {
            FuzzTarget? target;
            lock (_lock)
            {
                if (!waiting.TryDequeue(out target))
                    return;
            }

            var fuzzer = new Fuzzer(target, options.Seed) { Broke = (input, fault) => Keep(target, input, fault) };
            lock (_lock)
                _running.Add((target, fuzzer));
            FuzzReport report = fuzzer.Run(options.Duration, options.MaxInputs);
            lock (_lock)
            {
                _running.Remove((target, fuzzer));
                reports.Add(report);
                output.WriteLine(report);
                output.Flush();
            }
        }
    }

    private void Keep(FuzzTarget target, byte[] input, Fault fault)
    {
        byte[] small = fault.Kind == "Slow" ? input : new Minimizer(target, fault).Minimize(input);
        string path = Regressions.Write(options.Regressions, target.Name, fault, small);
        lock (_lock)
        {
            output.WriteLine($"BROKEN {target.Name}: {fault.Description}, {small.Length} bytes in {path}");
            output.WriteLine(fault.Details);
            output.Flush();
        }
    }

    /// <summary>A hanging thread cannot be ended, so a hang ends the process.</summary>
    private void Watch()
    {
        lock (_lock)
        {
            foreach ((FuzzTarget target, Fuzzer fuzzer) in _running)
            {
                long since = Volatile.Read(ref fuzzer.CurrentSince);
                if (since == 0 || Stopwatch.GetElapsedTime(since) < s_hang)
                    continue;
                var fault = new Fault("Hang", "", $"no end after {s_hang.TotalSeconds} s");
                string path = Regressions.Write(options.Regressions, target.Name, fault, fuzzer.Current);
                output.WriteLine($"BROKEN {target.Name}: {fault.Details}, {fuzzer.Current.Length} bytes in {path}");
                output.Flush();
                Environment.Exit(1);
            }
        }
    }
}
