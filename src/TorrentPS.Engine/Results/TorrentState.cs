namespace TorrentPS;

/// <summary>The current activity of a download, or how it ended.</summary>
public enum TorrentState
{
    /// <summary>Getting a magnet link's metadata.</summary>
    Resolving,

    /// <summary>Hashing existing data.</summary>
    Checking,

    /// <summary>Downloading.</summary>
    Downloading,

    /// <summary>All selected data is complete; uploading.</summary>
    Seeding,

    /// <summary>Ended: all selected data is verified and on disk.</summary>
    Completed,

    /// <summary>Ended: stopped before completion.</summary>
    Stopped,

    /// <summary>Ended: no data arrived for the stall time-out.</summary>
    Stalled,

    /// <summary>Ended: the time-out passed.</summary>
    TimedOut,

    /// <summary>Ended with an error.</summary>
    Failed,

    /// <summary>Paused: no data is read, received or sent until it is resumed.</summary>
    Paused,
}
