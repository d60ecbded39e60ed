using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage;

/// <summary>Says what the system's error numbers mean for a download.</summary>
internal static class DiskErrors
{
    // errno where it is the same on Linux, macOS and the BSDs.
    private const int OutOfSpace = 28;
    private const int TooLarge = 27;
    private const int TooManyFiles = 24;
    private const int TooManyFilesInSystem = 23;

    // EDQUOT is 122 on Linux, 69 on macOS and the BSDs.
    private const int QuotaLinux = 122;
    private const int QuotaBsd = 69;

    // HRESULTs of Windows: ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL, ERROR_DISK_QUOTA_EXCEEDED, ERROR_FILE_TOO_LARGE.
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsQuota = unchecked((int)0x8007050F);
    internal const int WindowsTooLarge = unchecked((int)0x800700DF);

    /// <summary>Whether an exception is one that a file operation throws for the state of the disk.</summary>
    public static bool IsDiskError(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or NotSupportedException or System.Security.SecurityException;

    /// <summary>Whether an exception says that no more files can be opened now.</summary>
    public static bool IsTooManyFiles(Exception? exception) => exception is IOException { HResult: TooManyFiles or TooManyFilesInSystem };

    /// <summary>Makes the engine's exception of a file operation's.</summary>
    /// <param name="exception">What the operation threw.</param>
    /// <param name="path">The full path of the file or folder.</param>
    /// <param name="doing">What could not be done, as in "cannot be written".</param>
    public static TorrentException From(Exception exception, string path, string doing)
    {
        (TorrentErrorId id, string reason) = exception switch
        {
            UnauthorizedAccessException when Directory.Exists(path) =>
                (TorrentErrorId.AccessDenied, "there is a folder of that name, or access to it is denied; move it away or choose another destination"),
            UnauthorizedAccessException or System.Security.SecurityException =>
                (TorrentErrorId.AccessDenied, "access is denied; check the permissions or choose another destination"),
            PathTooLongException => (TorrentErrorId.UnsafePath, "the path is too long for this system; choose a shorter destination"),
            IOException => FromNumber(exception.HResult, exception.Message),
            _ => (TorrentErrorId.AccessDenied, exception.Message),
        };
        return new TorrentException(id, $"'{path}' {doing}: {reason}", exception);
    }

    private static (TorrentErrorId Id, string Reason) FromNumber(int number, string message) => number switch
    {
        OutOfSpace or WindowsDiskFull or WindowsHandleDiskFull =>
            (TorrentErrorId.DiskFull, "the disk is full; free some room and start again, what was downloaded is kept"),
        QuotaLinux or QuotaBsd or WindowsQuota =>
            (TorrentErrorId.DiskFull, "the disk quota is used up; free some room and start again, what was downloaded is kept"),
        TooLarge or WindowsTooLarge =>
            (TorrentErrorId.DiskFull, "the file system cannot hold a file of that size; choose a destination on another one"),
        TooManyFiles or TooManyFilesInSystem => (TorrentErrorId.AccessDenied, "too many files are open; raise the limit (ulimit -n) or connect to fewer peers"),
        _ => (TorrentErrorId.AccessDenied, message),
    };
}
