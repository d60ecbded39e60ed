using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>The status of a path, read without opening it.</summary>
/// <param name="Kind">The kind of entry.</param>
/// <param name="Length">The length of a file in bytes.</param>
/// <param name="Links">The number of hard links; 1 if unknown.</param>
/// <param name="Written">The last write time, in ticks of UTC.</param>
internal readonly unsafe partial record struct FileStatus(EntryKind Kind, long Length, long Links, long Written)
{
    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint Wanted = 0x1 | 0x4 | 0x40 | 0x200; // type, links, last write time, size
    private const uint WantedOfHandle = 0x40;
    private const int NotThere = 2;
    private const int NoFolder = 20;

    private static bool s_hasNoStatx;

    /// <summary>Reads the status of a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followLinks">Whether to examine the target of a link, rather than the link.</param>
    public static FileStatus At(string path, bool followLinks = true)
    {
        if (OperatingSystem.IsLinux() && !s_hasNoStatx)
        {
            // struct statx has the same layout on every architecture.
            byte* status = stackalloc byte[256];
            try
            {
                if (Statx(CurrentFolder, path, followLinks ? 0 : NoFollow, Wanted, status) == 0)
                    return new FileStatus(KindOf(*(ushort*)(status + 28)), *(long*)(status + 40), *(uint*)(status + 16), TimeOf(status));
                if (Marshal.GetLastPInvokeError() is NotThere or NoFolder)
                    return default;
            }
            catch (EntryPointNotFoundException)
            {
                s_hasNoStatx = true;
            }
        }

        return Portable(path, followLinks);
    }

    /// <summary>The last write time of an open file, in ticks of UTC; 0 if the system updates it only when the file is closed.</summary>
    public static long WrittenTo(SafeFileHandle handle)
    {
        if (OperatingSystem.IsWindows())
            return 0;
        if (OperatingSystem.IsLinux() && !s_hasNoStatx)
        {
            byte* status = stackalloc byte[256];
            try
            {
                if (StatxOfHandle(handle, "", EmptyPath, WantedOfHandle, status) == 0)
                    return TimeOf(status);
            }
            catch (EntryPointNotFoundException)
            {
                s_hasNoStatx = true;
            }
        }

        return File.GetLastWriteTimeUtc(handle).Ticks;
    }

    private static long TimeOf(byte* status) => DateTime.UnixEpoch.Ticks + *(long*)(status + 112) * TimeSpan.TicksPerSecond + *(uint*)(status + 120) / 100;

    private static EntryKind KindOf(int mode) => (mode & 0xF000) switch
    {
        0x8000 => EntryKind.File,
        0x4000 => EntryKind.Folder,
        0xA000 => EntryKind.Link,
        0x1000 => EntryKind.Pipe,
        _ => EntryKind.Device,
    };

    private static FileStatus Portable(string path, bool followLinks)
    {
        FileSystemInfo info = new FileInfo(path);
        if (info.LinkTarget is not null)
        {
            if (!followLinks)
                return new FileStatus(EntryKind.Link, 0, 1, info.LastWriteTimeUtc.Ticks);
            try
            {
                info = info.ResolveLinkTarget(returnFinalTarget: true)!;
            }
            catch (IOException)
            {
                return default; // a cycle of links leads nowhere
            }
        }

        if (Directory.Exists(info.FullName))
            return new FileStatus(EntryKind.Folder, 0, 1, info.LastWriteTimeUtc.Ticks);
        if (new FileInfo(info.FullName) is not { Exists: true } file)
            return default;
        EntryKind kind = EntryKind.File;
        long links = 1;
        if (OperatingSystem.IsMacOS())
            AskMac(file.FullName, ref kind, ref links);
        else if (OperatingSystem.IsWindows())
            links = LinksOnWindows(file.FullName);
        return new FileStatus(kind, file.Length, links, file.LastWriteTimeUtc.Ticks);
    }

    [SupportedOSPlatform("macos")]
    private static void AskMac(string path, ref EntryKind kind, ref long links)
    {
        // struct stat with 64-bit inodes: the device, then mode and links of 16 bits each.
        byte* status = stackalloc byte[256];
        int result = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatOnIntelMac(path, status) : StatOnMac(path, status);
        if (result == 0)
            (kind, links) = (KindOf(*(ushort*)(status + 4)), *(ushort*)(status + 6));
    }

    [SupportedOSPlatform("windows")]
    private static long LinksOnWindows(string path)
    {
        try
        {
            // BY_HANDLE_FILE_INFORMATION: thirteen numbers, of which the eleventh is the number of links.
            uint* information = stackalloc uint[13];
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return InformationOnWindows(handle, information) ? information[10] : 1;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e) || e is Win32Exception)
        {
            return 1;
        }
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* status);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatxOfHandle(SafeFileHandle file, string path, int flags, uint mask, byte* status);

    [SupportedOSPlatform("macos")]
    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatOnMac(string path, byte* status);

    [SupportedOSPlatform("macos")]
    [LibraryImport("libc", EntryPoint = "stat$INODE64", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatOnIntelMac(string path, byte* status);

    [SupportedOSPlatform("windows")]
    [LibraryImport("kernel32.dll", EntryPoint = "GetFileInformationByHandle")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool InformationOnWindows(SafeFileHandle file, uint* information);
}
