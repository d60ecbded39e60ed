using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace TorrentPS.Benchmarks.Measuring;

/// <summary>The machine: its properties, and whether it is idle.</summary>
internal static class Machine
{
    private const int WarmingPart = 4 << 20;
    private const double CalmShare = 0.15;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(400);

    /// <summary>A line with processor, cores, memory, kernel and .NET.</summary>
    public static string Description
    {
        get
        {
            double gib = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
            return string.Create(CultureInfo.InvariantCulture,
                $"{ProcessorName}, {Environment.ProcessorCount} cores, {gib:0} GiB, {SystemName}, {RuntimeInformation.FrameworkDescription}");
        }
    }

    /// <summary>CPU seconds used by all programs, without waits for disks and time taken by a host; 0 if unknown.</summary>
    public static double BusySeconds
    {
        get
        {
            if (!OperatingSystem.IsLinux())
                return 0;
            string[] fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            long ticks = 0;
            foreach (int place in (ReadOnlySpan<int>)[1, 2, 3, 6, 7]) // user, nice, system, irq, softirq
                ticks += long.Parse(fields[place], CultureInfo.InvariantCulture);
            return ticks / 100.0;
        }
    }

    private static string ProcessorName
    {
        get
        {
            const string Key = "model name";
            string? line = OperatingSystem.IsLinux() ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal)) : null;
            return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
                ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
        }
    }

    private static string SystemName => OperatingSystem.IsLinux()
        ? $"Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}"
        : RuntimeInformation.OSDescription;

    /// <summary>Waits until the machine is otherwise idle, but not longer than the limit.</summary>
    public static async Task WaitUntilCalmAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        long startedAt = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(startedAt) < limit)
        {
            double before = BusySeconds;
            await Task.Delay(s_look, cancellationToken).ConfigureAwait(false);
            if (BusySeconds - before < CalmShare * s_look.TotalSeconds)
                return;
        }
    }

    /// <summary>
    /// Writes a file and removes it, so that memory is available afterwards: a virtual machine returns unused memory to its host, and getting it back costs more than
    /// writing it.
    /// </summary>
    public static void WarmMemory(string folder, long length)
    {
        string path = Path.Combine(folder, ".warm");
        byte[] part = new byte[WarmingPart];
        try
        {
            using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
            for (long offset = 0; offset < length; offset += part.Length)
                RandomAccess.Write(file, part.AsSpan(0, (int)Math.Min(part.Length, length - offset)), offset);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
