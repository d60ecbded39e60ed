using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>A file that a torrent is made of, as it was when it was looked at.</summary>
/// <param name="FullPath">Where it is.</param>
/// <param name="Path">Its path in the torrent, below the torrent's folder, with '/' between the parts; its name when it is alone.</param>
/// <param name="Length">Its size in bytes; of a link, that of what it leads to.</param>
/// <param name="Written">When it was last written to.</param>
/// <param name="IsExecutable">Whether its owner may run it as a program.</param>
internal sealed record InputFile(string FullPath, string Path, long Length, DateTime Written, bool IsExecutable)
{
    /// <summary>Looks at a file; null when there is none.</summary>
    public static InputFile? Look(string full, string path) =>
        DiskFile.Look(full) is { } info ? new InputFile(full, path, info.Length, info.LastWriteTimeUtc, IsProgram(info)) : null;

    private static bool IsProgram(FileInfo info) => !OperatingSystem.IsWindows() && info.UnixFileMode.HasFlag(UnixFileMode.UserExecute);

    /// <summary>Whether the file is still as it was.</summary>
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

    /// <summary>Opens the file once, so that one that cannot be read is found before hours of hashing and not after.</summary>
    /// <exception cref="TorrentException">It cannot be read (AccessDenied).</exception>
    public void CheckReadable()
    {
        // An empty file is never opened: there is nothing to read.
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
