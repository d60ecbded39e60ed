using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>Sparse files, whose unwritten ranges take no room on disk.</summary>
internal static partial class SparseFile
{
    private const uint SetSparse = 0x000900C4;

    /// <summary>Sets the length of a file without writing to it.</summary>
    public static void SetLength(SafeFileHandle handle, long length)
    {
        Mark(handle);
        try
        {
            RandomAccess.SetLength(handle, length);
        }
        catch (ArgumentOutOfRangeException e) when (length >= 0)
        {
            // The exception of .NET for a length beyond the limit of the file system, as on FAT under Windows.
            throw new IOException(e.Message, DiskErrors.WindowsTooLarge);
        }
    }

    /// <summary>Marks a file as sparse on Windows; elsewhere files are sparse by default.</summary>
    public static void Mark(SafeFileHandle handle)
    {
        // If it is not supported (FAT), the file is simply not sparse.
        if (OperatingSystem.IsWindows())
            _ = DeviceIoControl(handle, SetSparse, 0, 0, 0, 0, out _, 0);
    }

    [SupportedOSPlatform("windows")]
    [LibraryImport("kernel32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool DeviceIoControl(
        SafeFileHandle device, uint code, nint input, uint inputLength, nint output, uint outputLength, out uint returned, nint overlapped);
}
