using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Formatting;

/// <summary>The one place where error records are created: a stable id, a category, a target and a message with advice.</summary>
internal static class ErrorRecords
{
    /// <summary>The record of an error of the engine.</summary>
    /// <param name="exception">The error.</param>
    /// <param name="target">The input that caused it.</param>
    public static ErrorRecord From(TorrentException exception, object? target) =>
        Record(Explained(exception, target), exception.ErrorId.ToString(), CategoryOf(exception.ErrorId), target);

    /// <summary>The record of an error without an exception.</summary>
    public static ErrorRecord From(TorrentErrorId id, string message, object? target, Exception? cause = null) =>
        Record(new TorrentException(id, message, cause), id.ToString(), CategoryOf(id), target);

    /// <summary>The record of an unexpected exception.</summary>
    public static ErrorRecord Unexpected(Exception exception, object? target) =>
        exception is TorrentException expected
            ? From(expected, target)
            : Record(exception, nameof(TorrentErrorId.Unexpected), ErrorCategory.InvalidOperation, target);

    public static ErrorRecord NotFound(string path, Exception? cause = null) =>
        From(TorrentErrorId.TorrentNotFound, $"There is no file '{path}'. Check the path.", path, cause);

    public static ErrorRecord IsFolder(string path) =>
        From(TorrentErrorId.TorrentNotFound, $"'{path}' is a folder. Name a .torrent file in it, or use a wildcard such as '{System.IO.Path.Combine(path, "*.torrent")}'.", path);

    public static ErrorRecord NotFileSystem(string path, string provider) =>
        From(TorrentErrorId.TorrentNotFound, $"'{path}' is on the {provider} provider. A torrent is read from a file system.", path);

    public static ErrorRecord NotAnAddress(Uri uri) =>
        From(TorrentErrorId.TorrentNotFound, $"'{AddressText.Of(uri)}' is not the address of a torrent. -Uri takes magnet links, http and https addresses; -Path takes files.", uri);

    public static ErrorRecord Unreadable(string path, Exception cause) => cause switch
    {
        UnauthorizedAccessException => From(TorrentErrorId.AccessDenied, $"'{path}' may not be read: {cause.Message}", path, cause),
        _ when TorrentFileReader.IsMissing(cause) => NotFound(path, cause),
        _ => From(TorrentErrorId.TorrentNotFound, $"'{path}' cannot be read: {cause.Message}", path, cause),
    };

    public static ErrorRecord NoPeers(TorrentInfo torrent) =>
        From(TorrentErrorId.NoPeers, $"No peers found for '{torrent.Name}'. Try again later, add a tracker with -Tracker, or wait longer with -TimeoutSeconds.", torrent);

    public static ErrorRecord BadProxy(string message, object target, Exception? cause) =>
        Record(new ArgumentException(message, cause), nameof(TorrentErrorId.InvalidProxy), CategoryOf(TorrentErrorId.InvalidProxy), target);

    public static ErrorRecord BadBindAddress(string message, string address, Exception? cause) =>
        Record(new ArgumentException(message, cause), nameof(TorrentErrorId.InvalidBindAddress), CategoryOf(TorrentErrorId.InvalidBindAddress), address);

    public static ErrorRecord CannotListen(System.Net.IPEndPoint endPoint, Exception cause) =>
        From(TorrentErrorId.CannotListen, $"Cannot listen on {endPoint}: {cause.Message.TrimEnd('.')}. Choose another -Address or -Port.", endPoint, cause);

    public static ErrorRecord BadDestination(string path, string reason, Exception? cause) =>
        From(TorrentErrorId.AccessDenied, $"Nothing can be downloaded to '{path}': {reason}. Give -Destination a folder of a file system.", path, cause);

    public static ErrorRecord NothingMatches(string path, bool isName) => From(
        TorrentErrorId.TorrentNotFound,
        isName ? $"Nothing matches the pattern '{path}', but an item has exactly this name. Use -LiteralPath." : $"Nothing matches '{path}'. Check the path.",
        path);

    public static ErrorRecord BadTorrentDestination(string path, string reason, Exception? cause) =>
        From(TorrentErrorId.AccessDenied, $"No torrent can be written to '{path}': {reason}. Give -Destination a file or folder of a file system.", path, cause);

    public static ErrorRecord BadSource(string path, string reason, Exception? cause) =>
        From(TorrentErrorId.AccessDenied, $"No data can be read from '{path}': {reason}. Give -Source a folder of a file system.", path, cause);

    public static ErrorRecord TorrentExists(string path, bool isTwice)
    {
        string message = isTwice
            ? $"'{path}' was just written for another input. Leave -Destination out, or give it a folder, so that each torrent is written to a separate file."
            : $"'{path}' already exists. Use -Force to replace it, or -Destination to write elsewhere.";
        return From(TorrentErrorId.TorrentExists, message, path);
    }

    /// <summary>The record of an incomplete download.</summary>
    public static ErrorRecord Incomplete(TorrentDownload download)
    {
        TorrentErrorId id = TransferStatus.Of(download).ErrorId ?? TorrentErrorId.Unexpected;
        string message = download.Error ?? $"The download ended as {download.State} with {download.PercentComplete}% of '{download.Name}'. Run the same command again to resume.";
        return From(id, message, download);
    }

    // PowerShell shows the message and, on request, the target's text. Both may come from outside; the target object itself is not changed.
    private static ErrorRecord Record(Exception exception, string id, ErrorCategory category, object? target)
    {
        ErrorRecord record = new(exception, id, category, target);
        if (!SafeText.IsSafe(exception.Message))
            record.ErrorDetails = new ErrorDetails(SafeText.Escape(exception.Message));
        if (target?.ToString() is { } text && !SafeText.IsSafe(text))
            record.CategoryInfo.TargetName = SafeText.Escape(text);
        return record;
    }

    private static TorrentException Explained(TorrentException exception, object? target)
    {
        if (!IsAboutContent(exception.ErrorId))
            return exception;
        string id = exception.ErrorId.ToString();
        string message = exception.Message.StartsWith(id, StringComparison.Ordinal) ? exception.Message : $"{id}: {exception.Message}";
        string? source = target is string path ? AddressText.Of(path) : null;
        if (source is not null && !message.Contains(SafeText.Escape(source), StringComparison.Ordinal))
            message = $"{message} in '{source}'";
        return new TorrentException(exception.ErrorId, message, exception);
    }

    // Errors in the content of a file: the reader needs the file's name, and the id to look it up.
    private static bool IsAboutContent(TorrentErrorId id) =>
        id is TorrentErrorId.InvalidBencode or TorrentErrorId.InvalidTorrent or TorrentErrorId.UnsafePath or TorrentErrorId.InvalidMagnetUri;

    internal static ErrorCategory CategoryOf(TorrentErrorId id) => id switch
    {
        TorrentErrorId.TorrentNotFound or TorrentErrorId.NothingSelected => ErrorCategory.ObjectNotFound,
        TorrentErrorId.InvalidBencode or TorrentErrorId.InvalidTorrent => ErrorCategory.InvalidData,
        TorrentErrorId.InvalidMagnetUri or TorrentErrorId.InvalidProxy or TorrentErrorId.InvalidBindAddress => ErrorCategory.InvalidArgument,
        TorrentErrorId.UnsafePath => ErrorCategory.SecurityError,
        TorrentErrorId.TrackerUnreachable or TorrentErrorId.UnknownHost => ErrorCategory.ConnectionError,
        TorrentErrorId.TrackerFailure => ErrorCategory.ProtocolError,
        TorrentErrorId.NoPeers or TorrentErrorId.CannotListen => ErrorCategory.ResourceUnavailable,
        TorrentErrorId.MetadataTimedOut or TorrentErrorId.DownloadStalled or TorrentErrorId.DownloadTimedOut => ErrorCategory.OperationTimeout,
        TorrentErrorId.DownloadStopped => ErrorCategory.OperationStopped,
        TorrentErrorId.DiskFull => ErrorCategory.WriteError,
        TorrentErrorId.AccessDenied => ErrorCategory.PermissionDenied,
        TorrentErrorId.DataInUse => ErrorCategory.ResourceBusy,
        TorrentErrorId.FileExists or TorrentErrorId.TorrentExists => ErrorCategory.ResourceExists,
        TorrentErrorId.DataMismatch => ErrorCategory.InvalidResult,
        TorrentErrorId.InvalidIPFilter => ErrorCategory.InvalidData,
        _ => ErrorCategory.InvalidOperation,
    };
}
