using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>Creates a torrent (BEP 3, BEP 52) from files and folders.</summary>
public static class TorrentCreator
{
    /// <summary>Whether two full paths name the same file on this system, where names that differ in case or normalization may be the same.</summary>
    public static IEqualityComparer<string> PathComparer => PathEquality.OfSystem;

    /// <summary>Hashes a file, or all files in a folder and below, on all cores; <see cref="TorrentDraft"/> documents the selection and order of files.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">Other contents of the torrent; null means the defaults.</param>
    /// <param name="progress">Receives the progress, from any thread.</param>
    /// <param name="cancellationToken">Cancels with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The bytes of the .torrent file.</returns>
    /// <exception cref="TorrentException">As for <see cref="TorrentDraft.Collect"/> and <see cref="TorrentDraft.CreateAsync"/>.</exception>
    public static async Task<byte[]> CreateAsync(
        string path, TorrentCreatorOptions? options = null, IProgress<TorrentCreatorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        TorrentDraft draft = await Task.Run(() => TorrentDraft.Collect([path], options, cancellationToken), cancellationToken).ConfigureAwait(false);
        return await draft.CreateAsync(progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a .torrent atomically: under a temporary name until it is complete.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="bytes">The content.</param>
    /// <param name="overwrite">Whether to replace an existing file.</param>
    /// <exception cref="TorrentException">The file cannot be written (AccessDenied, DiskFull), or already exists (AccessDenied).</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes, bool overwrite)
    {
        string full = Path.GetFullPath(path);
        // Short enough for a file name, even if the final name has the maximum length.
        string part = Path.Join(Path.GetDirectoryName(full), $".{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.part");
        try
        {
            CheckDestination(full);
            using (SafeFileHandle handle = ControlFile.Open(part, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                RandomAccess.Write(handle, bytes, 0);
                RandomAccess.FlushToDisk(handle);
            }

            PatientMove.Run(part, full, overwrite);
            FolderEntries.Flush(Path.GetDirectoryName(full)!);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            ControlFile.TryDelete(part);
            throw DiskErrors.From(e, full, "cannot be written");
        }
    }

    /// <summary>Checks that the folder for a .torrent exists, before hours of hashing rather than after.</summary>
    /// <param name="path">The path of the .torrent.</param>
    /// <exception cref="TorrentException">The folder does not exist, or the path is a folder (AccessDenied).</exception>
    public static void CheckDestination(string path)
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw new TorrentException(TorrentErrorId.AccessDenied, $"'{full}' is a folder; give the path of a file in it.");
        if (Path.GetDirectoryName(full) is { Length: > 0 } folder && !Directory.Exists(folder))
            throw new TorrentException(TorrentErrorId.AccessDenied, $"There is no folder '{folder}' to write the .torrent to; create it first, or give another place.");
    }
}
