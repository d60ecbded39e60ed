using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>Flushes the entries of a folder to the disk: without this, a flushed file can still be lost with its name.</summary>
internal static partial class FolderEntries
{
    private const int FullSynchronize = 51; // F_FULLFSYNC

    // errno: EIO, ENOSPC, EDQUOT on Linux and on macOS and the BSDs. Other errors mean that this kind of folder cannot be flushed, or not by this user.
    private static readonly int[] s_failures = [5, 28, 122, 69];

    /// <summary>Waits until the names in a folder are on the disk. Windows does this itself.</summary>
    /// <exception cref="Errors.TorrentException">The disk reported an error (AccessDenied, DiskFull).</exception>
    public static void Flush(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        int folder = Open(path, 0);
        if (folder < 0)
            return;
        // On macOS, fsync leaves data in the cache of the disk.
        bool isDone = OperatingSystem.IsMacOS() && Control(folder, FullSynchronize) >= 0;
        int error = isDone || Synchronize(folder) == 0 ? 0 : Marshal.GetLastPInvokeError();
        _ = Close(folder);
        if (Array.IndexOf(s_failures, error) >= 0)
            throw DiskErrors.From(new IOException(Marshal.GetPInvokeErrorMessage(error), error), path, "cannot be written");
    }

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(int file);

    [SupportedOSPlatform("macos")]
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int file, int command);

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
