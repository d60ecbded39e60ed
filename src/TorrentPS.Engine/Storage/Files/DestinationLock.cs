using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>
/// Keeps two downloads of one torrent from the same destination, and two downloads of any torrents from the same files, in this process or another. The system holds the
/// lock, so it ends with the process, however that ends; the file is removed on release.
/// </summary>
internal sealed class DestinationLock : IDisposable
{
    private const int MaxTries = 20;
    private const int MaxToken = 1 << 20;

    // Two downloads that start at the same time both see the other; they wait for random times.
    private const int MaxClaims = 3;
    private const int LongestWait = 50;

    // For file systems without locks: protects at least within this process.
    private static readonly Lock s_lock = new();
    private static readonly Lock s_claiming = new();
    private static readonly HashSet<string> s_held = new(PathEquality.OfSystem);

    private readonly DestinationFolder _folder;
    private readonly string _path;
    private SafeFileHandle? _handle;
    private PathClaims? _claims;

    private DestinationLock(DestinationFolder folder, string path, SafeFileHandle handle) =>
        (_folder, _path, _handle) = (folder, path, handle);

    /// <summary>The folders in which the destination, or one above it, was created when the lock was taken.</summary>
    public IReadOnlyList<string> FoldersMadeIn => _folder.MadeIn;

    /// <summary>Takes the lock, or fails at once.</summary>
    /// <param name="destination">The folder to download to; created if it is missing.</param>
    /// <param name="infoHash">The torrent.</param>
    /// <param name="files">The files to be written: their paths below the destination, with '/' between the components.</param>
    /// <param name="equality">Compares paths; null means the system's rule.</param>
    /// <exception cref="TorrentException">Another download has the lock or writes one of the files (DataInUse), or the lock cannot be created (AccessDenied, DiskFull,
    /// UnsafePath).</exception>
    public static DestinationLock Acquire(string destination, InfoHash infoHash, IReadOnlyCollection<string> files, PathEquality? equality = null)
    {
        DestinationLock taken = Acquire(destination, infoHash);
        try
        {
            taken.Claim(infoHash, files, equality ?? PathEquality.OfSystem);
            return taken;
        }
        catch (Exception e)
        {
            taken.Dispose();
            if (DiskErrors.IsDiskError(e))
                throw DiskErrors.From(e, taken._path, "cannot be created");
            throw;
        }
    }

    /// <summary>The same without files.</summary>
    public static DestinationLock Acquire(string destination, InfoHash infoHash)
    {
        DestinationFolder folder = new(destination);
        string name = $"{infoHash}.lock";
        string path = Path.Join(folder.ControlPath, name);
        lock (s_lock)
        {
            if (!s_held.Add(path))
                throw InUse(path, null);
        }

        try
        {
            for (int i = 0; i < MaxTries; i++)
            {
                SafeFileHandle handle = folder.OpenControlFile(name, static path =>
                    File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
                if (IsStillAt(path, handle))
                    return new DestinationLock(folder, path, handle);
                handle.Dispose();
            }

            throw InUse(path, null);
        }
        catch (Exception e)
        {
            lock (s_lock)
                s_held.Remove(path);
            if (e is IOException && IsSharingViolation(e))
                throw InUse(path, e);
            if (DiskErrors.IsDiskError(e))
                throw DiskErrors.From(e, path, "cannot be created");
            throw;
        }
    }

    /// <summary>Replaces the set of files to be written.</summary>
    /// <param name="infoHash">The torrent.</param>
    /// <param name="files">All files to be written from now on.</param>
    /// <exception cref="TorrentException">Another download writes one of the files (DataInUse), or the claim cannot be recorded (AccessDenied, DiskFull); nothing has
    /// changed.</exception>
    public void ClaimAnew(InfoHash infoHash, IReadOnlyCollection<string> files)
    {
        PathClaims? before = _claims;
        try
        {
            Claim(infoHash, files, PathEquality.OfSystem);
        }
        catch (Exception e)
        {
            _claims = before;
            before?.Publish();
            if (DiskErrors.IsDiskError(e))
                throw DiskErrors.From(e, _path, "cannot be written");
            throw;
        }
    }

    /// <summary>Releases the lock and removes its file.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _handle, null) is not { } handle)
            return;

        _claims?.Withdraw();

        // Elsewhere the file must be removed while the lock is held, or it might be the next holder's; Windows does not remove an open file, nor one that the next holder
        // has opened.
        if (OperatingSystem.IsWindows())
            handle.Dispose();
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            // The next holder already has it.
        }

        handle.Dispose();
        _folder.RemoveControlFolder();
        lock (s_lock)
            s_held.Remove(_path);
    }

    private void Claim(InfoHash infoHash, IReadOnlyCollection<string> files, PathEquality equality)
    {
        lock (s_claiming)
        {
            PathClaims claims = new(_folder, infoHash.ToString(), files, equality, IsHeld);
            for (int i = 1; ; i++)
            {
                _claims = claims;
                claims.Publish();
                if (claims.Find() is not { } shared)
                    return;
                claims.Withdraw();
                if (i == MaxClaims)
                    throw new TorrentException(TorrentErrorId.DataInUse, $"'{_folder.FullPath(shared)}' is being written by the download of another torrent. Wait for that download, stop it, or choose another destination.");
                Thread.Sleep(RandomNumberGenerator.GetInt32(1, LongestWait));
            }
        }
    }

    /// <summary>Whether the lock at a path is held.</summary>
    private static bool IsHeld(string path)
    {
        lock (s_lock)
        {
            if (s_held.Contains(path))
                return true;
        }

        try
        {
            using SafeFileHandle handle = ControlFile.Open(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (IOException e)
        {
            return IsSharingViolation(e);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e) || e is TorrentException)
        {
            return true; // it may belong to another user: unknown counts as held
        }
    }

    /// <summary>
    /// Whether the locked file is the one at the path: between opening and locking, its holder may have removed it, and another download may have created and locked a
    /// new one. The file gets a random length as a mark, which is visible through the path without opening the file.
    /// </summary>
    private static bool IsStillAt(string path, SafeFileHandle handle)
    {
        int token = RandomNumberGenerator.GetInt32(1, MaxToken);
        // FAT has no times before 1980, and only even seconds.
        DateTime time = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(2 * RandomNumberGenerator.GetInt32(1 << 28));
        SparseFile.SetLength(handle, token);
        File.SetLastWriteTimeUtc(handle, time);
        FileInfo info = new(path);
        return info.Exists && info.Length == token && info.LastWriteTimeUtc == time;
    }

    // EWOULDBLOCK of flock: 11 on Linux, 35 on macOS and the BSDs. ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION on Windows.
    private static bool IsSharingViolation(Exception e) =>
        e.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);

    private static TorrentException InUse(string path, Exception? inner) =>
        new(TorrentErrorId.DataInUse, $"'{path}' is locked: the same torrent is being downloaded to this place already. Wait for that download, stop it, or choose another destination.", inner);
}
