using System.Runtime.InteropServices;

namespace TorrentPS.Benchmarks.Measuring;

/// <summary>System calls about other processes that .NET does not offer.</summary>
internal static class Posix
{
    private const int Children = -1;
    private const int Terminate = 15;

    /// <summary>CPU seconds of all ended children of this process, and of theirs.</summary>
    public static double EndedChildrenCpu
    {
        get
        {
            if (GetUsage(Children, out Usage usage) != 0)
                throw new InvalidOperationException("getrusage failed.");
            return usage.UserSeconds + usage.SystemSeconds + (usage.UserMicroseconds + usage.SystemMicroseconds) / 1e6;
        }
    }

    /// <summary>Asks a process to terminate.</summary>
    public static void Stop(int process) => _ = Kill(process, Terminate);

    [DllImport("libc", EntryPoint = "getrusage")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetUsage(int who, out Usage usage);

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    /// <summary>struct rusage of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 144)]
    private struct Usage
    {
        public long UserSeconds;
        public long UserMicroseconds;
        public long SystemSeconds;
        public long SystemMicroseconds;
    }
}
