using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TorrentPS.Engine.Storage;

/// <summary>Tells files from what only has a name like one: pipes, sockets, devices.</summary>
internal static unsafe partial class FileKind
{
    private const int CurrentFolder = -100;
    private const uint TypeWanted = 1;
    private const int ModeOffset = 28;
    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    /// <summary>
    /// Whether there is a file with bytes at a path, or an empty one. Only Linux is asked: elsewhere such things count as empty files, and
    /// empty files are never opened, which for a pipe would take forever.
    /// </summary>
    public static bool IsRegular(string path) => !OperatingSystem.IsLinux() || IsRegularOnLinux(path);

    [SupportedOSPlatform("linux")]
    private static bool IsRegularOnLinux(string path)
    {
        // struct statx has the same layout on every architecture.
        byte* status = stackalloc byte[256];
        try
        {
            return Statx(CurrentFolder, path, 0, TypeWanted, status) != 0
                || (*(ushort*)(status + ModeOffset) & TypeMask) == RegularFile;
        }
        catch (EntryPointNotFoundException)
        {
            return true;
        }
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* status);
}
