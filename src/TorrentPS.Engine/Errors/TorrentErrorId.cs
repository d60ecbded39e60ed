namespace TorrentPS.Engine.Errors;

/// <summary>The stable identifiers of everything that can go wrong; scripts compare their names.</summary>
public enum TorrentErrorId
{
    /// <summary>Something that was not foreseen, and that no other identifier describes.</summary>
    Unexpected,

    /// <summary>There is no torrent at the given path or address.</summary>
    TorrentNotFound,

    /// <summary>The bytes are not bencoded data (BEP 3).</summary>
    InvalidBencode,

    /// <summary>The data is bencoded, but is not a torrent (BEP 3, BEP 52).</summary>
    InvalidTorrent,

    /// <summary>The text is not a magnet link (BEP 9, BEP 53).</summary>
    InvalidMagnetUri,

    /// <summary>A name in the torrent would lead outside the destination, or is one that no file can have.</summary>
    UnsafePath,

    /// <summary>No answer that could be understood came from the tracker.</summary>
    TrackerUnreachable,

    /// <summary>The tracker answered with a failure reason, which is the message.</summary>
    TrackerFailure,

    /// <summary>No peer was found.</summary>
    NoPeers,

    /// <summary>A peer is given by a host name that has no address.</summary>
    UnknownHost,

    /// <summary>No peer sent the metadata of a magnet link in time (BEP 9).</summary>
    MetadataTimedOut,

    /// <summary>Nothing arrived for longer than the stall time-out.</summary>
    DownloadStalled,

    /// <summary>The download took longer than its time-out.</summary>
    DownloadTimedOut,

    /// <summary>The download was stopped before it was complete.</summary>
    DownloadStopped,

    /// <summary>There is no room left where the files go.</summary>
    DiskFull,

    /// <summary>A file or folder may not be read or written.</summary>
    AccessDenied,

    /// <summary>Another process is downloading the same torrent to the same place.</summary>
    DataInUse,

    /// <summary>Where a file is to be downloaded to there is one that is not the torrent's.</summary>
    FileExists,

    /// <summary>The data on disk is not what the torrent describes.</summary>
    DataMismatch,

    /// <summary>A list of addresses to block cannot be read, or is none.</summary>
    InvalidIPFilter,

    /// <summary>A proxy cannot be used as it is given, or not together with what else is asked for.</summary>
    InvalidProxy,

    /// <summary>The address or network interface to bind to is not one of this machine's.</summary>
    InvalidBindAddress,

    /// <summary>The port is in use, or may not be opened.</summary>
    CannotListen,

    /// <summary>No file of the torrent is left by what is to be included and excluded.</summary>
    NothingSelected,

    /// <summary>Where a torrent is to be written to there is a file already.</summary>
    TorrentExists,
}
