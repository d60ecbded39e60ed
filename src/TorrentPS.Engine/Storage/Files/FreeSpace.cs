using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>How much room a disk has for this user.</summary>
internal static partial class FreeSpace
{
    /// <summary>The bytes that can be written below a folder; null where that is not known.</summary>
    /// <param name="folder">The full path of a folder that exists.</param>
    public static long? Below(string folder)
    {
        // By its letter Windows tells of another disk where one is mounted in a folder, and a share of the network has none.
        if (OperatingSystem.IsWindows())
            return GetDiskFreeSpace(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, out ulong free, 0, 0) ? (long)Math.Min(free, long.MaxValue) : null;
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e) || e is ArgumentException)
        {
            return null;
        }
    }

    [SupportedOSPlatform("windows")]
    [LibraryImport("kernel32.dll", EntryPoint = "GetDiskFreeSpaceExW", StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetDiskFreeSpace(string folder, out ulong freeForUser, nint all, nint free);
}
