namespace TorrentPS.Engine.Errors;

/// <summary>The stable identifiers of all errors; scripts compare their names.</summary>
public enum TorrentErrorId
{
    /// <summary>An unforeseen error that no other identifier describes.</summary>
    Unexpected,

    /// <summary>No torrent exists at the given path or address.</summary>
    TorrentNotFound,

    /// <summary>The bytes are not bencoded data (BEP 3).</summary>
    InvalidBencode,

    /// <summary>The data is bencoded, but is not a torrent (BEP 3, BEP 52).</summary>
    InvalidTorrent,

    /// <summary>The text is not a magnet link (BEP 9, BEP 53).</summary>
    InvalidMagnetUri,

    /// <summary>A name in the torrent would lead outside the destination, or is not valid as a file name.</summary>
    UnsafePath,

    /// <summary>The tracker did not send a valid answer.</summary>
    TrackerUnreachable,

    /// <summary>The tracker answered with a failure reason, which is the message.</summary>
    TrackerFailure,

    /// <summary>No peer was found.</summary>
    NoPeers,

    /// <summary>The host name of a peer has no address.</summary>
    UnknownHost,

    /// <summary>No peer sent the metadata of a magnet link in time (BEP 9).</summary>
    MetadataTimedOut,

    /// <summary>No data arrived for longer than the stall time-out.</summary>
    DownloadStalled,

    /// <summary>The download took longer than its time-out.</summary>
    DownloadTimedOut,

    /// <summary>The download was stopped before it was complete.</summary>
    DownloadStopped,

    /// <summary>The destination has no free space.</summary>
    DiskFull,

    /// <summary>Access to a file or folder is denied.</summary>
    AccessDenied,

    /// <summary>Another download writes to the same place.</summary>
    DataInUse,

    /// <summary>An existing file at the destination does not belong to the torrent.</summary>
    FileExists,

    /// <summary>The data on disk does not match the torrent.</summary>
    DataMismatch,

    /// <summary>An IP block-list file cannot be read, or is not a list.</summary>
    InvalidIPFilter,

    /// <summary>The proxy is not valid, or conflicts with other options.</summary>
    InvalidProxy,

    /// <summary>The address or network interface to bind to is not one of this machine's.</summary>
    InvalidBindAddress,

    /// <summary>The port is in use, or may not be opened.</summary>
    CannotListen,

    /// <summary>The include and exclude patterns leave no file of the torrent.</summary>
    NothingSelected,

    /// <summary>The .torrent file to write already exists.</summary>
    TorrentExists,
}
