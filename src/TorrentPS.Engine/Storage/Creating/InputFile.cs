using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>A file to create a torrent from, with its state when it was examined.</summary>
/// <param name="FullPath">The full path.</param>
/// <param name="Path">Its path in the torrent, below the torrent's folder, with '/' between the components; its name if it is the only file.</param>
/// <param name="Length">Its size in bytes; for a link, that of the target.</param>
/// <param name="Written">Its last write time.</param>
/// <param name="IsExecutable">Whether its owner may execute it.</param>
internal sealed record InputFile(string FullPath, string Path, long Length, DateTime Written, bool IsExecutable)
{
    /// <summary>Examines a file; null if it does not exist.</summary>
    public static InputFile? Look(string full, string path) =>
        DiskFile.Look(full) is { } info ? new InputFile(full, path, info.Length, info.LastWriteTimeUtc, IsProgram(info)) : null;

    private static bool IsProgram(FileInfo info) => !OperatingSystem.IsWindows() && info.UnixFileMode.HasFlag(UnixFileMode.UserExecute);

    /// <summary>Whether the file has not changed since.</summary>
    public bool IsUnchanged()
    {
        try
        {
            return Look(FullPath, Path) == this;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            return false;
        }
    }

    /// <summary>Opens the file once, so that an unreadable file is found before hours of hashing, not after.</summary>
    /// <exception cref="TorrentException">The file cannot be read (AccessDenied).</exception>
    public void CheckReadable()
    {
        // An empty file is never opened.
        if (Length == 0)
            return;
        try
        {
            using var handle = File.OpenHandle(FullPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or System.Security.SecurityException)
        {
            throw new TorrentException(TorrentErrorId.AccessDenied, $"'{FullPath}' cannot be read: access is denied; check its permissions, or exclude it.", e);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, FullPath, "cannot be read");
        }
    }
}
