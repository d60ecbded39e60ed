using System.Globalization;

namespace TorrentPS.Engine.Storage;

/// <summary>Tells one start of the system from another: what was written but not flushed is still there only in the same one.</summary>
internal static class SystemStart
{
    private const string LinuxIdentity = "/proc/sys/kernel/random/boot_id";
    private const long Tolerance = 60;

    /// <summary>What identifies this start of the system; never empty.</summary>
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
                // Not every container has it; the time serves as well.
            }
        }

        long started = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - Environment.TickCount64 / 1000;
        return started.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Whether two identities are of the same start; times may differ a little, as clocks are set.</summary>
    public static bool AreSame(string one, string other) =>
        one == other
            || (long.TryParse(one, NumberStyles.None, CultureInfo.InvariantCulture, out long a)
                && long.TryParse(other, NumberStyles.None, CultureInfo.InvariantCulture, out long b)
                && a - b is >= -Tolerance and <= Tolerance);
}
