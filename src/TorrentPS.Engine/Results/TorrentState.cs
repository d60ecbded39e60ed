namespace TorrentPS;

/// <summary>What a download is doing, or how it ended.</summary>
public enum TorrentState
{
    /// <summary>It is getting a magnet link's metadata.</summary>
    Resolving,

    /// <summary>It is hashing what is on disk.</summary>
    Checking,

    /// <summary>It is downloading.</summary>
    Downloading,

    /// <summary>Everything wanted is there; it is uploading.</summary>
    Seeding,

    /// <summary>It ended: everything wanted is verified and on disk.</summary>
    Completed,

    /// <summary>It ended: it was stopped before it was complete.</summary>
    Stopped,

    /// <summary>It ended: nothing had arrived for the stall time-out.</summary>
    Stalled,

    /// <summary>It ended: its time-out passed.</summary>
    TimedOut,

    /// <summary>It ended with an error.</summary>
    Failed,
}
