using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>Reads .torrent files, and no file that is too large to be one: a mistyped path does not fill the memory.</summary>
public static class TorrentFileReader
{
    /// <summary>The most bytes of a .torrent file, or of a reply that is one.</summary>
    public const int MaxLength = MetainfoLimits.TorrentBytes;

    // ERROR_INVALID_NAME: no file can be called so.
    private const int WindowsInvalidName = unchecked((int)0x8007007B);

    /// <summary>Reads a .torrent file.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="TorrentException">It is not a torrent, or has more than <see cref="MaxLength"/> bytes (InvalidTorrent).</exception>
    /// <exception cref="IOException">It does not exist (<see cref="IsMissing"/>), is no file, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static Torrent Read(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > MaxLength and var length })
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"The file has {length} bytes, and a .torrent has at most {MaxLength}");
        return Torrent.Parse(GivenFile.ReadAllBytes(path, MaxLength));
    }

    /// <summary>Whether an exception says that there is no file of a name.</summary>
    /// <param name="exception">What reading it threw.</param>
    public static bool IsMissing(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception is FileNotFoundException or DirectoryNotFoundException || exception.HResult == WindowsInvalidName;
    }
}
