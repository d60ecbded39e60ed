using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>Identifies a start of the system: data that was written but not flushed is reliable only within the same one.</summary>
internal static unsafe partial class SystemStart
{
    private const string LinuxIdentity = "/proc/sys/kernel/random/boot_id";
    private const long Tolerance = 60;

    /// <summary>The identity of the current start; never empty.</summary>
    public static string Current()
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                string identity = File.ReadAllText(LinuxIdentity).Trim();
                if (identity.Length > 0)
                    return identity;
            }
            catch (Exception e) when (DiskErrors.IsDiskError(e))
            {
                // Missing in some containers; the time serves as well.
            }
        }

        // If time asleep does not count as time since the start, each sleep would look like a restart.
        if (OperatingSystem.IsMacOS() && SessionOnMac() is { Length: > 0 } session)
            return session;
        long started = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - Environment.TickCount64 / 1000;
        return started.ToString(CultureInfo.InvariantCulture);
    }

    [SupportedOSPlatform("macos")]
    private static string? SessionOnMac()
    {
        try
        {
            byte* value = stackalloc byte[64];
            nuint length = 64;
            return GetSystemValue("kern.bootsessionuuid", value, &length, null, 0) == 0 && length <= 64
                ? Encoding.ASCII.GetString(value, (int)length).TrimEnd('\0') : null;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    [SupportedOSPlatform("macos")]
    [LibraryImport("libc", EntryPoint = "sysctlbyname", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetSystemValue(string name, byte* value, nuint* length, void* newValue, nuint newLength);

    /// <summary>Whether two identities are of the same start; times may differ a little, because clocks are adjusted.</summary>
    public static bool AreSame(string one, string other) =>
        one == other
            || (long.TryParse(one, NumberStyles.None, CultureInfo.InvariantCulture, out long a)
                && long.TryParse(other, NumberStyles.None, CultureInfo.InvariantCulture, out long b)
                && a - b is >= -Tolerance and <= Tolerance);
}
