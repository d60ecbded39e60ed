namespace TorrentPS.Engine.Storage.Files;

/// <summary>Files that users name, to be read whole or as a stream. A pipe, a socket or a device is refused before it is opened, which could wait without end.</summary>
public static class GivenFile
{
    private const int BufferLength = 64 * 1024;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="maxLength">More bytes than this are refused.</param>
    /// <exception cref="IOException">It is no file, longer, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
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

    /// <summary>Opens a file for reading; others may go on writing and removing it.</summary>
    /// <exception cref="IOException">It is no file, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream Open(string path)
    {
        Check(path);
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1, FileOptions.SequentialScan);
    }

    /// <summary>Refuses what is no file. A pipe that the caller has open already, as shells give it for <c>&lt;(command)</c>, is one.</summary>
    /// <exception cref="IOException">It is a pipe, a socket or a device.</exception>
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
