using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TorrentPS.Engine.Transport.Connecting;

/// <summary>How many files and sockets the system lets this process have open, and what peers may take of that.</summary>
internal static partial class DescriptorLimit
{
    /// <summary>For files, peers that have not said yet what they want, trackers, the DHT, and the runtime's own.</summary>
    private const int KeptForOthers = 384;

    private const int OnLinux = 7;
    private const int OnBsd = 8;

    /// <summary>The connections that there can be, so that no file is ever refused for them.</summary>
    /// <param name="wanted">What is asked for.</param>
    public static int Connections(int wanted) => Connections(wanted, Current());

    /// <param name="wanted">What is asked for.</param>
    /// <param name="descriptors">How many files and sockets may be open.</param>
    internal static int Connections(int wanted, long descriptors) =>
        (int)Math.Clamp(Math.Max(descriptors - KeptForOthers, descriptors / 4), 1, wanted);

    private static long Current()
    {
        if (OperatingSystem.IsWindows())
            return int.MaxValue;
        try
        {
            // The runtime has raised the first to the second at its start.
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
