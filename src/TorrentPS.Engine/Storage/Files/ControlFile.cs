using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>
/// The program's own control files. Anything but a regular file in their place is refused before it is opened: opening a pipe may block forever, a device has side
/// effects, and a link leads to another file.
/// </summary>
internal static class ControlFile
{
    /// <summary>Refuses anything but a regular file or a missing one.</summary>
    /// <exception cref="TorrentException">Something else is there (AccessDenied).</exception>
    public static void Check(string path) => Check(path, FileStatus.At(path, followLinks: false).Kind);

    private static void Check(string path, EntryKind kind)
    {
        if (Describe(kind) is { } what)
            throw new TorrentException(TorrentErrorId.AccessDenied, $"'{path}' is {what}, where a file of TorrentPS belongs; take it away and start again.");
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="TorrentException">Something else is there (AccessDenied).</exception>
    /// <exception cref="IOException">As for <see cref="File.OpenHandle"/>.</exception>
    public static SafeFileHandle Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        Check(path);
        return File.OpenHandle(path, mode, access, share);
    }

    /// <summary>Reads a file; null if it is missing or too long.</summary>
    /// <exception cref="TorrentException">Something else is there (AccessDenied).</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static byte[]? Read(string path, long maxLength)
    {
        FileStatus status = FileStatus.At(path, followLinks: false);
        Check(path, status.Kind);
        return status.Kind == EntryKind.None || status.Length > maxLength ? null : File.ReadAllBytes(path);
    }

    /// <summary>Writes a file under a temporary name, then renames it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="temporary">The name until it is complete; an existing file is overwritten.</param>
    /// <param name="bytes">The content.</param>
    /// <param name="flush">Whether to flush it to the disk before it is renamed.</param>
    /// <exception cref="TorrentException">Something else is there (AccessDenied).</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, string temporary, ReadOnlySpan<byte> bytes, bool flush)
    {
        Check(path);
        using (SafeFileHandle handle = Open(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            RandomAccess.Write(handle, bytes, 0);
            if (flush)
                RandomAccess.FlushToDisk(handle);
        }

        PatientMove.Run(temporary, path, overwrite: true);
    }

    /// <summary>Removes an unused file; a failure does no harm.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
        }
    }

    /// <summary>Describes what is in the place of a file; null if it is a file or nothing.</summary>
    public static string? Describe(EntryKind kind) => kind switch
    {
        EntryKind.Folder => "a folder",
        EntryKind.Link => "a link",
        EntryKind.Pipe => "a pipe",
        EntryKind.Device => "a device or a socket",
        _ => null,
    };
}
