using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// Writes through the system's page cache, and starts writing dirty pages to the disk while more data arrives: the flush at the end then finds little to do, and a slow
/// disk is noticed at once instead of filling memory. Not thread-safe.
/// </summary>
internal sealed partial class WriteBehind
{
    // Linux keeps each write in one contiguous range of memory. Short writes use recently used memory; long ones use blocks that a virtual machine may have returned to
    // its host, and getting these back costs several times as much as the write.
    private const int LongestWrite = 16 * 1024;
    private const long Behind = 16 << 20;
    private const uint SyncFileRangeWrite = 2;

    private readonly string _folder;
    private readonly long[] _gathered;
    private int _longestWrite;

    /// <param name="folder">The folder of the files.</param>
    /// <param name="fileCount">The number of files.</param>
    public WriteBehind(string folder, int fileCount)
    {
        _folder = folder;
        _gathered = new long[fileCount];
    }

    private bool IsCached => _longestWrite == LongestWrite;

    /// <summary>Writes consecutive buffers.</summary>
    public void Write(int file, SafeFileHandle handle, IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
    {
        if (_longestWrite == 0) // not before the folder exists
            _longestWrite = OperatingSystem.IsLinux() && !IsMemory(_folder) ? LongestWrite : int.MaxValue;
        if (!IsCached && buffers.Count > 1)
        {
            RandomAccess.Write(handle, buffers, offset);
            return;
        }

        long begin = offset;
        for (int i = 0; i < buffers.Count; i++)
        {
            Write(handle, buffers[i].Span, offset);
            offset += buffers[i].Length;
        }

        _gathered[file] += offset - begin;
        if (IsCached && _gathered[file] >= Behind)
            Start(file, handle);
    }

    /// <summary>Starts writing dirty pages to the disk, without waiting.</summary>
    public void Start(int file, SafeFileHandle handle)
    {
        _gathered[file] = 0;

        // A file system that does not support this writes them itself, later.
        if (OperatingSystem.IsLinux())
            _ = SyncFileRange(handle, 0, 0, SyncFileRangeWrite);
    }

    private void Write(SafeFileHandle handle, ReadOnlySpan<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            int length = (int)Math.Min(bytes.Length, _longestWrite - (offset % _longestWrite));
            RandomAccess.Write(handle, bytes[..length], offset);
            bytes = bytes[length..];
            offset += length;
        }
    }

    private static bool IsMemory(string folder)
    {
        try
        {
            return new DriveInfo(folder).DriveFormat is "tmpfs" or "ramfs";
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e) || e is ArgumentException)
        {
            return false;
        }
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long count, uint flags);
}
