using System.Globalization;

namespace TorrentPS.Benchmarks.Measuring;

/// <summary>The costs of a process and its descendants, from Linux' /proc.</summary>
internal static class ProcessTree
{
    private const double TicksPerSecond = 100; // USER_HZ, which is the same on every architecture of .NET

    /// <param name="CpuSeconds">User and system time so far, including ended children.</param>
    /// <param name="AnonymousBytes">Heap, stacks and buffers resident now: RssAnon.</param>
    internal readonly record struct Cost(double CpuSeconds, long AnonymousBytes);

    public static Cost Read(int process)
    {
        double cpu = 0;
        long anonymous = 0;
        List<int> processes = [process];
        for (int i = 0; i < processes.Count; i++)
        {
            try
            {
                AddChildren(processes[i], processes);
                cpu += CpuOf(processes[i]);
                anonymous += AnonymousOf(processes[i]);
            }
            catch (IOException)
            {
                // It has just ended.
            }
            catch (UnauthorizedAccessException)
            {
                // It belongs to another user, for instance one with more rights.
            }
        }

        return new Cost(cpu, anonymous);
    }

    /// <summary>The anonymous memory of one process, in bytes.</summary>
    public static long AnonymousOf(int process)
    {
        foreach (string line in File.ReadLines($"/proc/{process}/status"))
        {
            if (line.StartsWith("RssAnon:", StringComparison.Ordinal))
                return 1024 * long.Parse(line.AsSpan("RssAnon:".Length, line.Length - "RssAnon: kB".Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
        }

        return 0; // a zombie
    }

    private static double CpuOf(int process)
    {
        // The name in the second field may contain spaces and parentheses: count from its end.
        string text = File.ReadAllText($"/proc/{process}/stat");
        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        long ticks = 0;
        for (int i = 11; i <= 14; i++) // utime, stime, cutime, cstime
            ticks += long.Parse(fields[i], CultureInfo.InvariantCulture);
        return ticks / TicksPerSecond;
    }

    private static void AddChildren(int process, List<int> processes)
    {
        foreach (string task in Directory.EnumerateDirectories($"/proc/{process}/task"))
        {
            foreach (string child in File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                processes.Add(int.Parse(child, CultureInfo.InvariantCulture));
        }
    }
}
