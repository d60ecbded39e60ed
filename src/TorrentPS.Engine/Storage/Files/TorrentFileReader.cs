using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>Reads .torrent files, except those that are too large, so that a mistyped path does not fill the memory.</summary>
public static class TorrentFileReader
{
    /// <summary>The maximum length of a .torrent file, or of a reply that contains one, in bytes.</summary>
    public const int MaxLength = MetainfoLimits.TorrentBytes;

    // ERROR_INVALID_NAME: no file can have this name.
    private const int WindowsInvalidName = unchecked((int)0x8007007B);

    /// <summary>Reads a .torrent file.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="TorrentException">The file is not a torrent, or is longer than <see cref="MaxLength"/> bytes (InvalidTorrent).</exception>
    /// <exception cref="IOException">The file does not exist (<see cref="IsMissing"/>), is not a regular file, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static Torrent Read(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > MaxLength and var length })
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"The file has {length} bytes, and a .torrent has at most {MaxLength}");
        return Torrent.Parse(GivenFile.ReadAllBytes(path, MaxLength));
    }

    /// <summary>Whether an exception means that a file does not exist.</summary>
    /// <param name="exception">The exception thrown while reading it.</param>
    public static bool IsMissing(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception is FileNotFoundException or DirectoryNotFoundException || exception.HResult == WindowsInvalidName;
    }
}
