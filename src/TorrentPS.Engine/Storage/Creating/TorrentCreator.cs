using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>Makes a torrent (BEP 3, BEP 52) of files and folders.</summary>
public static class TorrentCreator
{
    /// <summary>Tells whether two full paths are of one file on this system, where names that differ in case, or in how their characters are composed, may be the same.</summary>
    public static IEqualityComparer<string> PathComparer => PathEquality.OfSystem;

    /// <summary>Hashes a file, or all files in a folder and below, on all cores; <see cref="TorrentDraft"/> says which files, and in which order.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">What else goes into the torrent; null means the defaults.</param>
    /// <param name="progress">Gets how far it has come, from any thread.</param>
    /// <param name="cancellationToken">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The bytes of the .torrent file.</returns>
    /// <exception cref="TorrentException">As for <see cref="TorrentDraft.Collect"/> and <see cref="TorrentDraft.CreateAsync"/>.</exception>
    public static async Task<byte[]> CreateAsync(
        string path, TorrentCreatorOptions? options = null, IProgress<TorrentCreatorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        TorrentDraft draft = await Task.Run(() => TorrentDraft.Collect([path], options, cancellationToken), cancellationToken).ConfigureAwait(false);
        return await draft.CreateAsync(progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a .torrent so that nobody ever reads half of one: it takes its name when it is complete.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="bytes">What to write.</param>
    /// <param name="overwrite">Whether it may take the place of a file that is there.</param>
    /// <exception cref="TorrentException">It cannot be written (AccessDenied, DiskFull), or is there already (AccessDenied).</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes, bool overwrite)
    {
        string full = Path.GetFullPath(path);
        // Not longer than a name can be, however long that of the file is.
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

    /// <summary>Checks that there is a folder to write a .torrent into: better before hours of hashing than after.</summary>
    /// <param name="path">Where it is to go.</param>
    /// <exception cref="TorrentException">There is no such folder, or a folder of that very name (AccessDenied).</exception>
    public static void CheckDestination(string path)
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw new TorrentException(TorrentErrorId.AccessDenied, $"'{full}' is a folder; give the path of a file in it.");
        if (Path.GetDirectoryName(full) is { Length: > 0 } folder && !Directory.Exists(folder))
            throw new TorrentException(TorrentErrorId.AccessDenied, $"There is no folder '{folder}' to write the .torrent to; make it first, or give another place.");
    }
}
