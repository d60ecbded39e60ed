using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TorrentPS.Engine.Transport.Connecting;

/// <summary>The system's limit on open files and sockets of this process, and the part of it that peers may use.</summary>
internal static partial class DescriptorLimit
{
    /// <summary>Reserved for files, connections without a handshake, trackers, the DHT, and the runtime.</summary>
    private const int KeptForOthers = 384;

    private const int OnLinux = 7;
    private const int OnBsd = 8;

    /// <summary>The maximum number of connections, so that opening a file never fails because of them.</summary>
    /// <param name="wanted">The requested maximum.</param>
    public static int Connections(int wanted) => Connections(wanted, Current());

    /// <param name="wanted">The requested maximum.</param>
    /// <param name="descriptors">The limit on open files and sockets.</param>
    internal static int Connections(int wanted, long descriptors) =>
        (int)Math.Clamp(Math.Max(descriptors - KeptForOthers, descriptors / 4), 1, wanted);

    private static long Current()
    {
        if (OperatingSystem.IsWindows())
            return int.MaxValue;
        try
        {
            // The runtime has raised the soft limit to the hard limit at startup.
            return GetLimit(OperatingSystem.IsLinux() ? OnLinux : OnBsd, out Limit limit) == 0 ? (long)Math.Min(limit.Current, int.MaxValue) : int.MaxValue;
        }
        catch (EntryPointNotFoundException)
        {
            return int.MaxValue;
        }
    }

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    private struct Limit
    {
        public nuint Current;
        public nuint Most;
    }
}
