using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>Translates the system's error numbers.</summary>
internal static class DiskErrors
{
    // ERROR_FILE_TOO_LARGE, ERROR_TOO_MANY_OPEN_FILES.
    internal const int WindowsTooLarge = unchecked((int)0x800700DF);
    private const int WindowsTooManyFiles = unchecked((int)0x80070004);

    // The upper half of HRESULTs made from Windows error numbers.
    private const int Windows = 0x8007;

    private const string TooLong = "its name or path is too long for this file system; choose a shorter destination, or one on another file system";

    /// <summary>Whether a file operation throws this exception for the state of the disk.</summary>
    public static bool IsDiskError(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or NotSupportedException or System.Security.SecurityException;

    /// <summary>Whether no more files can be opened now: EMFILE, ENFILE, or the Windows equivalent.</summary>
    public static bool IsTooManyFiles(Exception? exception) => exception is IOException { HResult: 24 or 23 or WindowsTooManyFiles };

    /// <summary>Whether a failure concerns one file, rather than its disk or the number of open files.</summary>
    public static bool ConcernsOneFile(TorrentException failure) =>
        failure.InnerException is not IOException cause || MeaningOf(cause.HResult) is not (Meaning.Gone or Meaning.Broken or Meaning.TooManyFiles);

    /// <summary>Converts the exception of a file operation to the engine's.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="path">The full path of the file or folder.</param>
    /// <param name="doing">The operation that failed, as in "cannot be written".</param>
    public static TorrentException From(Exception exception, string path, string doing)
    {
        (TorrentErrorId id, string reason) = exception switch
        {
            UnauthorizedAccessException when Directory.Exists(path) =>
                (TorrentErrorId.AccessDenied, "there is a folder of that name, or access to it is denied; move it away or choose another destination"),
            UnauthorizedAccessException or System.Security.SecurityException =>
                (TorrentErrorId.AccessDenied, "access is denied; check the permissions or choose another destination"),
            PathTooLongException => (TorrentErrorId.UnsafePath, TooLong),
            IOException => Explain(MeaningOf(exception.HResult)) ?? (TorrentErrorId.AccessDenied, exception.Message),
            _ => (TorrentErrorId.AccessDenied, exception.Message),
        };
        return new TorrentException(id, $"'{path}' {doing}: {reason}", exception);
    }

    private static Meaning MeaningOf(int result) => result >>> 16 == Windows ? OfWindows(result & 0xFFFF) : OfErrno(result);

    private static (TorrentErrorId Id, string Reason)? Explain(Meaning meaning) => meaning switch
    {
        Meaning.Full => (TorrentErrorId.DiskFull, "the disk is full; free some room and start again, what was downloaded is kept"),
        Meaning.Quota => (TorrentErrorId.DiskFull, "the disk quota is used up; free some room and start again, what was downloaded is kept"),
        Meaning.TooLarge => (TorrentErrorId.DiskFull, "the file system cannot hold a file of that size; choose a destination on another one"),
        Meaning.TooManyFiles => (TorrentErrorId.AccessDenied, "too many files are open; raise the limit (ulimit -n) or connect to fewer peers"),
        Meaning.TooLong => (TorrentErrorId.UnsafePath, TooLong),
        Meaning.BadName => (TorrentErrorId.UnsafePath,
            "the file system does not allow this name: it is too long, or has invalid characters; choose a destination on another file system"),
        Meaning.Links => (TorrentErrorId.UnsafePath, "its path leads through too many links, or in a circle; remove the loop"),
        Meaning.Missing => (TorrentErrorId.AccessDenied, "it, or a folder on the way to it, is missing; it may have been removed meanwhile"),
        Meaning.FileInTheWay => (TorrentErrorId.AccessDenied, "a folder on the way to it is a file; move that away or choose another destination"),
        Meaning.FolderInTheWay => (TorrentErrorId.AccessDenied, "there is a folder of that name; move it away or choose another destination"),
        Meaning.Exists => (TorrentErrorId.AccessDenied, "there is something of that name already; move it away or choose another destination"),
        Meaning.ReadOnly => (TorrentErrorId.AccessDenied, "the disk is read-only; choose a destination on another one"),
        Meaning.InUse => (TorrentErrorId.AccessDenied, "another program has it open and lets no others; close it there and start again"),
        Meaning.Gone => (TorrentErrorId.AccessDenied, "the disk or the network share is not within reach; connect it again and start again, what was downloaded is kept"),
        Meaning.Broken => (TorrentErrorId.AccessDenied, "the disk or the network share reports an error; check it before anything else is written there"),
        Meaning.InCloud => (TorrentErrorId.AccessDenied, "the system cannot open it; it may be a link to something that is not here, or kept in a cloud"),
        Meaning.Scanner => (TorrentErrorId.AccessDenied, "the system takes it for malicious software and keeps it shut"),
        _ => null,
    };

    /// <summary>Windows error numbers for which .NET has no specific exception.</summary>
    private static Meaning OfWindows(int number) => number switch
    {
        39 or 112 => Meaning.Full, // HANDLE_DISK_FULL, DISK_FULL
        1295 => Meaning.Quota, // DISK_QUOTA_EXCEEDED
        223 => Meaning.TooLarge, // FILE_TOO_LARGE
        4 => Meaning.TooManyFiles, // TOO_MANY_OPEN_FILES
        111 or 206 => Meaning.TooLong, // BUFFER_OVERFLOW, FILENAME_EXCED_RANGE
        123 or 161 => Meaning.BadName, // INVALID_NAME, BAD_PATHNAME
        1921 => Meaning.Links, // CANT_RESOLVE_FILENAME
        2 or 3 => Meaning.Missing, // FILE_NOT_FOUND, PATH_NOT_FOUND
        267 => Meaning.FileInTheWay, // DIRECTORY
        80 or 183 => Meaning.Exists, // FILE_EXISTS, ALREADY_EXISTS
        19 => Meaning.ReadOnly, // WRITE_PROTECT
        32 or 33 or 170 or 303 or 1224 => Meaning.InUse, // SHARING_VIOLATION, LOCK_VIOLATION, BUSY, DELETE_PENDING, USER_MAPPED_FILE
        // INVALID_DRIVE, BAD_UNIT, NOT_READY, REM_NOT_LIST, BAD_NETPATH, DEV_NOT_EXIST, UNEXP_NET_ERR, NETNAME_DELETED, BAD_NET_NAME, SEM_TIMEOUT,
        // NO_SUCH_DEVICE, DEVICE_NOT_CONNECTED, NO_NET_OR_BAD_PATH, NETWORK_UNREACHABLE, HOST_UNREACHABLE
        15 or 20 or 21 or 51 or 53 or 55 or 59 or 64 or 67 or 121 or 433 or 1167 or 1203 or 1231 or 1232 => Meaning.Gone,
        // CRC, SEEK, SECTOR_NOT_FOUND, WRITE_FAULT, READ_FAULT, GEN_FAILURE, DEVICE_HARDWARE_ERROR, UNRECOGNIZED_VOLUME, FILE_INVALID, IO_DEVICE,
        // FILE_CORRUPT, DISK_CORRUPT
        23 or 25 or 27 or 29 or 30 or 31 or 483 or 1005 or 1006 or 1117 or 1392 or 1393 => Meaning.Broken,
        // CLOUD_FILE_PROVIDER_NOT_RUNNING, CLOUD_FILE_METADATA_CORRUPT, CLOUD_FILE_UNSUCCESSFUL, CLOUD_FILE_NETWORK_UNAVAILABLE, CANT_ACCESS_FILE
        362 or 363 or 389 or 388 or 1920 => Meaning.InCloud,
        225 or 226 => Meaning.Scanner, // VIRUS_INFECTED, VIRUS_DELETED
        _ => Meaning.Other,
    };

    /// <summary>
    /// The numbers of Linux, followed by those of macOS and the BSDs where these differ; no number has another meaning there that a file operation could return.
    /// </summary>
    private static Meaning OfErrno(int number) => number switch
    {
        28 => Meaning.Full, // ENOSPC
        122 or 69 => Meaning.Quota, // EDQUOT
        27 => Meaning.TooLarge, // EFBIG
        23 or 24 => Meaning.TooManyFiles, // ENFILE, EMFILE
        36 or 63 => Meaning.TooLong, // ENAMETOOLONG
        84 or 92 => Meaning.BadName, // EILSEQ
        40 or 62 => Meaning.Links, // ELOOP
        2 => Meaning.Missing, // ENOENT
        20 => Meaning.FileInTheWay, // ENOTDIR
        21 => Meaning.FolderInTheWay, // EISDIR
        17 => Meaning.Exists, // EEXIST
        30 => Meaning.ReadOnly, // EROFS
        16 or 26 or 11 or 35 => Meaning.InUse, // EBUSY, ETXTBSY, EWOULDBLOCK
        // ENXIO, ENODEV, ESTALE, ENOTCONN, EHOSTDOWN, EHOSTUNREACH, ETIMEDOUT
        6 or 19 or 116 or 70 or 107 or 57 or 112 or 64 or 113 or 65 or 110 or 60 => Meaning.Gone,
        5 or 117 => Meaning.Broken, // EIO, EUCLEAN
        _ => Meaning.Other,
    };

    private enum Meaning
    {
        Other, Full, Quota, TooLarge, TooManyFiles, TooLong, BadName, Links, Missing, FileInTheWay, FolderInTheWay, Exists, ReadOnly, InUse, Gone, Broken, InCloud, Scanner,
    }
}
