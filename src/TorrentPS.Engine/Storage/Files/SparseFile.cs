using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>Files whose unwritten stretches take no room.</summary>
internal static partial class SparseFile
{
    private const uint SetSparse = 0x000900C4;

    /// <summary>Gives a file its length without writing to it.</summary>
    public static void SetLength(SafeFileHandle handle, long length)
    {
        Mark(handle);
        try
        {
            RandomAccess.SetLength(handle, length);
        }
        catch (ArgumentOutOfRangeException e) when (length >= 0)
        {
            // What .NET makes of a length that is more than the file system has, as on FAT under Windows.
            throw new IOException(e.Message, DiskErrors.WindowsTooLarge);
        }
    }

    /// <summary>Asks Windows to leave out what is not written; elsewhere files do so by themselves.</summary>
    public static void Mark(SafeFileHandle handle)
    {
        // Where it is not supported (FAT), the file is simply not sparse.
        if (OperatingSystem.IsWindows())
            _ = DeviceIoControl(handle, SetSparse, 0, 0, 0, 0, out _, 0);
    }

    [SupportedOSPlatform("windows")]
    [LibraryImport("kernel32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool DeviceIoControl(
        SafeFileHandle device, uint code, nint input, uint inputLength, nint output, uint outputLength, out uint returned, nint overlapped);
}
