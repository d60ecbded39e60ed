namespace TorrentPS.Engine.Storage.Files;

/// <summary>Reads files that users name. A pipe, a socket or a device is refused before it is opened, because opening it could block forever.</summary>
public static class GivenFile
{
    private const int BufferLength = 64 * 1024;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="maxLength">The maximum length in bytes; longer files are refused.</param>
    /// <exception cref="IOException">The path is not a file, or the file is too long or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static byte[] ReadAllBytes(string path, long maxLength)
    {
        using FileStream file = Open(path);
        if (file.CanSeek && file.Length > maxLength)
            throw TooLong(maxLength);
        using MemoryStream bytes = new(file.CanSeek ? (int)file.Length : 0);
        byte[] buffer = new byte[BufferLength];
        while (file.Read(buffer) is > 0 and var read)
        {
            if (bytes.Length + read > maxLength)
                throw TooLong(maxLength);
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }

    /// <summary>Opens a file for reading; other programs may write and remove it meanwhile.</summary>
    /// <exception cref="IOException">The path is not a file, or the file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static FileStream Open(string path)
    {
        Check(path);
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1, FileOptions.SequentialScan);
    }

    /// <summary>Refuses anything but a file. A pipe that the caller already has open, as shells pass it for <c>&lt;(command)</c>, is allowed.</summary>
    /// <exception cref="IOException">The path is a pipe, a socket or a device.</exception>
    public static void Check(string path)
    {
        EntryKind kind = FileStatus.At(path).Kind;
        if (kind == EntryKind.Device || (kind == EntryKind.Pipe && !IsOpenAlready(path)))
            throw new IOException($"it is {ControlFile.Describe(kind)}, and no file");
    }

    private static bool IsOpenAlready(string path) =>
        path is "/dev/stdin" || path.StartsWith("/dev/fd/", StringComparison.Ordinal) || path.StartsWith("/proc/self/fd/", StringComparison.Ordinal);

    private static IOException TooLong(long maxLength) => new($"it has more than {maxLength} bytes");
}
