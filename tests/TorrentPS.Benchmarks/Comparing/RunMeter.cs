using System.Diagnostics;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>Measures a process from now on: CPU time, maximum memory, and other programs' CPU time.</summary>
internal sealed class RunMeter
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_hookLook = TimeSpan.FromMilliseconds(2);

    private readonly ChildProcess _process;
    private readonly IReadOnlyList<ChildProcess> _others;
    private readonly long _startedAt;
    private readonly double _cpuAtStart;
    private readonly double _endedAtStart;
    private readonly double _busyAtStart;
    private readonly double _othersAtStart;
    private readonly TimeSpan _ownAtStart = Environment.CpuUsage.TotalTime;
    private long _lookedAt;
    private double _cpu;

    /// <param name="process">The process; only its costs from now on count.</param>
    /// <param name="startedAt">The start of the process or of the measured work.</param>
    /// <param name="before">The CPU seconds of ended children and of the machine before that start.</param>
    /// <param name="others">Processes that belong to the measurement, and so do not disturb it.</param>
    /// <param name="isNew">Whether it has just started, so that all its costs count.</param>
    public RunMeter(ChildProcess process, long startedAt, (double Ended, double Busy) before, IReadOnlyList<ChildProcess> others, bool isNew)
    {
        (_process, _others, _startedAt) = (process, others, startedAt);
        (_endedAtStart, _busyAtStart) = before;
        _cpuAtStart = isNew ? 0 : ProcessTree.Read(process.Id).CpuSeconds;
        _othersAtStart = Others();
    }

    public long PeakAnonymous { get; private set; }

    public double CpuSeconds => _cpu;

    /// <summary>Both readings that a meter needs from before the start.</summary>
    public static (double Ended, double Busy) Before() => (Posix.EndedChildrenCpu, Machine.BusySeconds);

    /// <summary>Waits for the file, the end of the process, or the time limit. Returns the stopwatch's time of completion; null if it did not complete.</summary>
    public async Task<long?> WatchAsync(ChildProcess downloader, string? doneFile, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (Stopwatch.GetElapsedTime(_startedAt) < limit)
        {
            bool isDone = doneFile is not null && File.Exists(doneFile);
            if (isDone || downloader.Ended.IsCompleted)
            {
                long now = Stopwatch.GetTimestamp();
                Look();
                if (isDone)
                    return now;
                return doneFile is null && downloader.ExitCode == 0 ? downloader.EndedAt : null;
            }

            if (_process != downloader && _process.Ended.IsCompleted)
                return null;
            if (Stopwatch.GetElapsedTime(_lookedAt) > s_look)
                Look();
            await Task.WhenAny(downloader.Ended, Task.Delay(doneFile is null ? s_look : s_hookLook, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return null;
    }

    /// <summary>Whether other programs used more than a tenth of a core.</summary>
    public bool IsDisturbed(double seconds)
    {
        double own = (Environment.CpuUsage.TotalTime - _ownAtStart).TotalSeconds;
        double noise = Machine.BusySeconds - _busyAtStart - _cpu - (Others() - _othersAtStart) - own;
        return noise > 0.1 * seconds + 0.06; // clocks of 10 ms: six readings may be off by one
    }

    private void Look()
    {
        _lookedAt = Stopwatch.GetTimestamp();
        if (_process.Ended.IsCompleted)
        {
            _cpu = Math.Max(_cpu, Posix.EndedChildrenCpu - _endedAtStart);
            return;
        }

        ProcessTree.Cost cost = ProcessTree.Read(_process.Id);
        _cpu = Math.Max(_cpu, cost.CpuSeconds - _cpuAtStart);
        PeakAnonymous = Math.Max(PeakAnonymous, cost.AnonymousBytes);
    }

    private double Others()
    {
        double cpu = 0;
        foreach (ChildProcess other in _others)
            cpu += ProcessTree.Read(other.Id).CpuSeconds;
        return cpu;
    }
}
