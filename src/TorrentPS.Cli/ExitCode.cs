using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli;

/// <summary>The exit codes of the process: the numbers are documented, and scripts compare them.</summary>
internal enum ExitCode
{
    Done = 0,
    Unexpected = 1,
    Usage = 2,
    UnreadableTorrent = 3,
    NothingReached = 4,
    TimedOut = 5,
    Stalled = 6,
    DiskError = 7,
    DataMismatch = 8,
    Interrupted = 130,
}

/// <summary>The one place that maps errors to exit codes.</summary>
internal static class ExitCodes
{
    public static ExitCode Of(TorrentErrorId errorId) => errorId switch
    {
        TorrentErrorId.TorrentNotFound or TorrentErrorId.InvalidBencode or TorrentErrorId.InvalidTorrent
            or TorrentErrorId.InvalidMagnetUri or TorrentErrorId.UnsafePath => ExitCode.UnreadableTorrent,
        TorrentErrorId.TrackerUnreachable or TorrentErrorId.TrackerFailure or TorrentErrorId.NoPeers or TorrentErrorId.UnknownHost => ExitCode.NothingReached,
        TorrentErrorId.MetadataTimedOut or TorrentErrorId.DownloadTimedOut => ExitCode.TimedOut,
        TorrentErrorId.DownloadStalled => ExitCode.Stalled,
        TorrentErrorId.DownloadStopped => ExitCode.Interrupted,
        TorrentErrorId.DiskFull or TorrentErrorId.AccessDenied or TorrentErrorId.DataInUse or TorrentErrorId.FileExists or TorrentErrorId.TorrentExists => ExitCode.DiskError,
        TorrentErrorId.DataMismatch => ExitCode.DataMismatch,
        TorrentErrorId.InvalidIPFilter or TorrentErrorId.InvalidProxy or TorrentErrorId.InvalidBindAddress or TorrentErrorId.NothingSelected => ExitCode.Usage,
        _ => ExitCode.Unexpected,
    };

    /// <summary>The exit code for a download that has ended.</summary>
    public static ExitCode Of(TorrentDownload result) => TransferStatus.Of(result).ErrorId is { } errorId ? Of(errorId) : ExitCode.Done;
}
