using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>
/// Files that this program keeps for itself. What is no plain file in the place of one is refused before it is opened: opening a pipe waits without end, a
/// device takes or gives what it likes, and a link leads to a file of others.
/// </summary>
internal static class ControlFile
{
    /// <summary>Refuses what is neither a file nor nothing.</summary>
    /// <exception cref="TorrentException">Something else is there (AccessDenied).</exception>
    public static void Check(string path) => Check(path, FileStatus.At(path, followLinks: false).Kind);

    private static void Check(string path, EntryKind kind)
    {
        if (Describe(kind) is { } what)
            throw new TorrentException(TorrentErrorId.AccessDenied, $"'{path}' is {what}, where a file of TorrentPS belongs; take it away and start again.");
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="TorrentException">Something else is there (AccessDenied).</exception>
    /// <exception cref="IOException">As <see cref="File.OpenHandle"/> has it.</exception>
    public static SafeFileHandle Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        Check(path);
        return File.OpenHandle(path, mode, access, share);
    }

    /// <summary>Reads a file; null when there is none, or a longer one than it can be.</summary>
    /// <exception cref="TorrentException">Something else is there (AccessDenied).</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[]? Read(string path, long maxLength)
    {
        FileStatus status = FileStatus.At(path, followLinks: false);
        Check(path, status.Kind);
        return status.Kind == EntryKind.None || status.Length > maxLength ? null : File.ReadAllBytes(path);
    }

    /// <summary>Writes a file under a name of its own, from which it then takes its own name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="temporary">The name that it has until it is whole; what is there is overwritten.</param>
    /// <param name="bytes">What goes into it.</param>
    /// <param name="flush">Whether it is on the disk before it takes its name.</param>
    /// <exception cref="TorrentException">Something else is there (AccessDenied).</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
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

    /// <summary>Removes a file that is of no more use; what cannot be removed does no harm.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            // as it was
        }
    }

    /// <summary>What is in the place of a file; null when that is a file, or nothing.</summary>
    public static string? Describe(EntryKind kind) => kind switch
    {
        EntryKind.Folder => "a folder",
        EntryKind.Link => "a link",
        EntryKind.Pipe => "a pipe",
        EntryKind.Device => "a device or a socket",
        _ => null,
    };
}
