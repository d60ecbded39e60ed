using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>The free space of a disk for this user.</summary>
internal static partial class FreeSpace
{
    /// <summary>The number of bytes that can be written below a folder; null if unknown.</summary>
    /// <param name="folder">The full path of a folder that exists.</param>
    public static long? Below(string folder)
    {
        // By drive letter, Windows reports the wrong disk for a volume mounted in a folder; network shares have no letter.
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
